"""The command `florin` as a process of its own, as operators and their scripts run it."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from tests.support.platform import ADMIN_TOKEN, ROOT, Platform


class Ended(msgspec.Struct):
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str

    def ok(self) -> str:
        assert self.status == 0, self
        return self.out

    def json(self) -> Any:
        return msgspec.json.decode(self.ok())


class Florin:
    """Runs commands with settings of its own and nothing of whoever runs the tests."""

    program: tuple[str, ...] = (sys.executable, "-P", "-m", "florin_cli.main")

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.settings = {f"FLORIN_{name.upper()}": value for name, value in settings.items()}

    async def __call__(
        self, *arguments: str, stdin: bytes = b"", environ: Mapping[str, str] | None = None, faulty: bool = False
    ) -> Ended:
        inherited = {name: text for name, text in os.environ.items() if not name.startswith(("FLORIN_", "XDG_"))}
        process = await asyncio.create_subprocess_exec(
            *(*self.program, *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.home,
            env={
                **inherited,
                "HOME": str(self.home),
                "PYTHONPATH": str(ROOT / "libs"),
                **self.settings,
                **(environ or {}),
            },
        )
        out, err = await process.communicate(stdin)
        assert process.returncode is not None
        ended = Ended(process.returncode, out.decode(), err.decode())
        assert ("Traceback" in ended.err) is faulty, ended
        return ended


def operator_of(platform: Platform, home: Path, merchant_id: str) -> Florin:
    """An operator of a platform who works for one merchant."""
    urls = {f"{service}_url": platform.url(service) for service in platform.ports}
    return Florin(home, admin_token=ADMIN_TOKEN, merchant=merchant_id, **urls)
