"""The PEX files that ship, each started from a folder without our sources: they migrate, serve and take a payment."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.florin_command import Florin, operator_of
from tests.support.platform import ROOT, SERVICES, Platform, eventually, open_shop
from tests.support.servers import MariaDBServer, running_redis

DATABASE_SERVICES = SERVICES[1:]


def pex_file(program: str) -> Path:
    """Beside the tests where Pants runs them, in ``dist`` where `./dev pants package ::` wrote it."""
    for folder in (ROOT, ROOT / "dist"):
        if (folder / f"{program}.pex").exists():
            return folder / f"{program}.pex"
    pytest.skip(f"{program}.pex is not made yet: ./dev pants package ::")


@pytest.fixture(scope="module")
def shipped(
    mariadb: MariaDBServer, server_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    with running_redis(server_folder) as redis:
        platform = Platform(
            tmp_path_factory.mktemp("shipped"),
            mariadb,
            redis.url,
            extra={service: {"FLORIN_MIGRATE_AT_START": "false", "PYTHONPATH": ""} for service in DATABASE_SERVICES},
            programs={service: pex_file(service) for service in SERVICES},
        )
        try:
            for service in DATABASE_SERVICES:
                migrated = subprocess.run(
                    [*platform.command(service), "migrate"],
                    env={**os.environ, **platform.environment(service)},
                    cwd=platform.folder,
                    capture_output=True,
                    text=True,
                )
                assert migrated.returncode == 0, migrated.stderr
            platform.start()
            yield platform
            assert set(platform.stop().values()) == {0}
        finally:
            platform.close()


@pytest.fixture(scope="module")
def florin(shipped: Platform, tmp_path_factory: pytest.TempPathFactory) -> Florin:
    florin = operator_of(shipped, tmp_path_factory.mktemp("operator"), "nobody")
    florin.program = (str(pex_file("florin")),)
    return florin


@pytest.mark.timeout(240)
async def test_the_platform_takes_a_payment_and_the_command_line_sees_it(shipped: Platform, florin: Florin) -> None:
    async with open_shop(shipped) as shop:
        payment = (await shop.pay(amount_minor=1234)).ok()
        assert payment["status"] == "succeeded"
        await eventually(shop.received)
    shown = await florin("payments", "show", payment["id"])
    assert payment["id"] in shown.ok()


@pytest.mark.timeout(120)
async def test_a_missing_setting_is_a_sentence(tmp_path: Path) -> None:
    for program in (*DATABASE_SERVICES, "operator"):
        process = await asyncio.create_subprocess_exec(
            str(pex_file(program)), cwd=tmp_path, env={"PATH": os.environ["PATH"]}, stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
        assert process.returncode != 0
        assert "FLORIN_ADMIN_TOKEN is not set." in said.decode()


@pytest.mark.timeout(120)
async def test_kubectls_plugin_tells_what_it_can_do_and_what_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python3.11").symlink_to(sys.executable)
    for arguments, status, sentence in (
        (["--help"], 0, "release"),
        (["explain", "acme"], 2, "There is no kubectl."),
    ):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(pex_file("kubectl-merchant")),
            *arguments,
            cwd=tmp_path,
            env={"PATH": str(folder), "HOME": str(tmp_path)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == status, said.decode()
        assert sentence in said.decode()
