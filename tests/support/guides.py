"""The commands of a page, run as they stand there against the running platform.

A block ``sh`` is run; a block without a language right after it is what it must print. A block after "New, `file`:"
becomes that file. Only addresses, keys and tokens are put in. Blocks ``bash`` are left out: they need minutes, or
another checkout.
"""

import asyncio
import os
import re
import sys
import tempfile
from pathlib import Path

from tests.support.platform import ADMIN_TOKEN, CONTROL_TOKEN, ROOT, Shop

_BLOCK = re.compile(
    r"(?:New, `(?P<file>[\w.-]+)`:\n\n```\w+\n(?P<text>.*?)^```\n)"
    r"|^(?P<indent> *)```sh\n(?P<commands>.*?)^(?P=indent)```\n"
    r"(?:\n(?P=indent)```\n(?P<expected>.*?)^(?P=indent)```\n)?",
    re.M | re.S,
)
_MARK = "--- end of block ---"
_PROBLEM = '"type":"/errors/'
_TIMEOUT_S = 90
_PORTS = {"8080": "payments", "8081": "merchants", "8082": "notifications", "8083": "simulator"}
_FLORIN = f'florin() {{ {sys.executable} -m florin_cli.main "$@"; }}\n'


def script_of(page: Path, shop: Shop) -> tuple[str, list[str]]:
    """The page as one program, and what each of its blocks must print (empty: anything but a problem)."""
    values = {"API_KEY": shop.key, "ADMIN_TOKEN": ADMIN_TOKEN, "CONTROL_TOKEN": CONTROL_TOKEN}
    blocks = list(_BLOCK.finditer(page.read_text()))
    script = "".join(map(_step, blocks))
    for name, value in values.items():
        script = re.sub(rf"^{name}=.*$", f"{name}={value}", script, flags=re.M)
    for port, service in _PORTS.items():
        script = script.replace(f"http://127.0.0.1:{port}", shop.platform.url(service))
    # Who follows the guide has a receiver there.
    script = script.replace("http://127.0.0.1:9000/", f"{shop.platform.url('simulator')}/receiver/of-the-guide")
    expected = [block["expected"] or "" for block in blocks if not block["file"]]
    return f"set -eu -o pipefail\n{_FLORIN}{script}", expected


def _step(block: re.Match[str]) -> str:
    if block["file"]:
        return f"cat > {block['file']} <<'{_MARK}'\n{block['text']}{_MARK}\n"
    return f"{block['commands']}\necho '{_MARK}'\n"


async def follow(page: Path, shop: Shop, **variables: str) -> None:
    """Run what a page says, with these variables set beside those of an operator; it must do what the page says."""
    script, expected = script_of(page, shop)
    assert expected, f"{page.name} has no commands"
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            script,
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **_operator(shop), **variables},
        )
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()
    assert process.returncode == 0, (page.name, output.decode(), errors.decode())
    printed = output.decode().split(f"{_MARK}\n")[:-1]
    assert len(printed) == len(expected)
    for said, wanted in zip(printed, expected, strict=True):
        if wanted:
            assert said == wanted
        else:
            assert _PROBLEM not in said


def _operator(shop: Shop) -> dict[str, str]:
    """The settings of `florin`, and the addresses that runbooks name."""
    addresses = {name.upper(): shop.platform.url(name) for name in ("payments", "merchants", "notifications")}
    return {
        "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in ("libs", "services", "operator")),
        "FLORIN_ADMIN_TOKEN": ADMIN_TOKEN,
        "FLORIN_MERCHANT": shop.merchant_id,
        **addresses,
        **{f"FLORIN_{name}_URL": address for name, address in addresses.items()},
    }
