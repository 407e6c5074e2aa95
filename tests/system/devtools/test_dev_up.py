"""`./dev` as a newcomer uses it: up, the printed curl line, demo, a second up, a crash, down, reset."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
Dev = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("florin-home")
    yield folder
    _dev(folder, "down")


@pytest.fixture(scope="module")
def dev(home: Path) -> Dev:
    return lambda *arguments: _dev(home, *arguments)


@pytest.fixture(scope="module")
def first_up(dev: Dev) -> str:
    done = dev("up", "--detach")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _dev(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, str(ROOT / "dev"), *arguments]
    environment = os.environ | {"FLORIN_HOME": str(home)}
    return subprocess.run(
        argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=110, check=False
    )


def _folder(home: Path) -> Path:
    (folder,) = home.iterdir()
    return folder


def test_up_proves_itself_with_a_payment_and_its_webhook(first_up: str) -> None:
    assert re.search(r"✓ A first payment.* succeeded", first_up)
    assert re.search(r"✓ Its webhook, verified .*payment\.captured", first_up)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_printed_curl_line_takes_a_payment(first_up: str) -> None:
    (line,) = [line for line in first_up.splitlines() if line.startswith("curl ")]
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout)["status"] == "succeeded"


def test_a_second_up_changes_nothing(first_up: str, dev: Dev, home: Path) -> None:
    before = {path: path.read_bytes() for path in _folder(home).glob("*.json")}
    done = dev("up", "--detach")
    assert done.returncode == 0
    assert "already up; nothing was changed" in done.stdout
    assert {path: path.read_bytes() for path in before} == before


def test_demo_tells_the_whole_story(first_up: str, dev: Dev) -> None:
    done = dev("demo")
    assert done.returncode == 0, done.stdout
    assert "Everything was as told." in done.stdout
    assert dev("check-ledger").returncode == 0


def test_a_killed_service_is_back_and_keeps_its_data(first_up: str, dev: Dev, home: Path) -> None:
    status = json.loads((_folder(home) / "status.json").read_text())
    (pid,) = [unit["pid"] for unit in status["units"] if unit["name"] == "payments"]
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while not re.search(r"payments +ready +\d+ +\d+ +\S+ +1", dev("status").stdout):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert dev("check-ledger").returncode == 0


def test_down_then_up_goes_on_with_the_same_merchant_and_reset_forgets(first_up: str, dev: Dev, home: Path) -> None:
    demo = (_folder(home) / "demo.json").read_bytes()
    assert dev("down").returncode == 0
    assert dev("status").returncode == 1
    assert dev("demo").returncode == 1
    assert dev("up", "--detach").returncode == 0
    assert (_folder(home) / "demo.json").read_bytes() == demo
    assert "Nobody is there to ask" in dev("reset").stderr
    assert dev("reset", "--yes").returncode == 0
    assert list(home.iterdir()) == []
    assert dev("check-ledger").returncode == 1
