"""The programs of docs/guides/receive-webhooks.md, run as they stand there: they take what we sign and nothing else."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devtools.ports import any_free_port
from florin.webhooks import Signer, new_secret

GUIDE = Path(__file__).parents[3] / "docs/guides/receive-webhooks.md"
SECRET = new_secret()
BODY = b'{"type":"payment.captured","timestamp":"2026-11-21T11:24:18.490078Z","data":{"description":"caf\xc3\xa9"}}'
ID = "evt_test_1"
_START_S = 20.0


def snippet(language: str, *, place: int = 0) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", GUIDE.read_text(), re.M | re.S)
    assert found, f"the guide has no program in {language}"
    return str(found[place])


def shell(commands: str, folder: Path) -> str:
    """What commands print that come after the guide's function ``sign``."""
    script = f"set -eu -o pipefail\n{snippet('bash')}\n{commands}"
    environment = {**os.environ, "WEBHOOK_SECRET": SECRET}
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@contextmanager
def running(language: str, folder: Path) -> Iterator[str]:
    """The receiver of a language; its URL."""
    port = any_free_port()
    commands = {
        "python": ("receiver.py", [sys.executable, "receiver.py", str(port)]),
        "javascript": ("receiver.mjs", ["node", "receiver.mjs", str(port)]),
        "php": ("receiver.php", ["php", "-S", f"127.0.0.1:{port}", "receiver.php"]),
    }
    file, command = commands[language]
    (folder / file).write_text(snippet(language))
    with (folder / "log").open("wb") as log:
        environment = {**os.environ, "WEBHOOK_SECRET": SECRET}
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + _START_S
        while True:
            assert process.poll() is None, (folder / "log").read_text()
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, f"{language} does not listen"
                time.sleep(0.02)
            else:
                break
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()


def send(url: str, headers: dict[str, str], body: bytes = BODY) -> int:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("language", ["python", "javascript", "php"])
def test_receiver_takes_what_is_signed_and_refuses_the_rest(language: str, tmp_path: Path) -> None:
    now = int(time.time())
    good = Signer([SECRET]).headers(ID, now, BODY)
    with running(language, tmp_path) as url:
        assert send(url, good) == 204
        # While a secret is rotated both sign, whichever comes first.
        assert send(url, Signer([new_secret(), SECRET]).headers(ID, now, BODY)) == 204
        assert send(url, Signer([SECRET, new_secret()]).headers(ID, now, BODY)) == 204
        refused = {
            "another body": (good, BODY.replace(b"captured", b"refunded")),
            "another id": ({**good, "webhook-id": "evt_test_2"}, BODY),
            "another secret": (Signer([new_secret()]).headers(ID, now, BODY), BODY),
            "too old": (Signer([SECRET]).headers(ID, now - 400, BODY), BODY),
            "from the future": (Signer([SECRET]).headers(ID, now + 400, BODY), BODY),
            "no signature": ({**good, "webhook-signature": ""}, BODY),
            "no version": ({**good, "webhook-signature": good["webhook-signature"].removeprefix("v1,")}, BODY),
            "malformed": ({**good, "webhook-signature": "v1,=== v2 nonsense"}, BODY),
            "no timestamp": ({**good, "webhook-timestamp": "soon"}, BODY),
            "nothing": ({}, BODY),
        }
        assert {name: send(url, *request) for name, request in refused.items()} == dict.fromkeys(refused, 400)
        assert send(url, good) == 204, "it still serves"
        by_curl = snippet("bash", place=1).replace("http://127.0.0.1:9000/", url)
        assert shell(by_curl, tmp_path) == "204"
        assert shell(by_curl.replace("sign evt_test_1", "sign evt_test_2"), tmp_path) == "400"


def test_the_shell_computes_the_signature(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(BODY)
    headers = Signer([SECRET]).headers(ID, 1795260258, BODY)
    assert shell(f"sign {ID} {headers['webhook-timestamp']} body", tmp_path) == headers["webhook-signature"]
