"""The commands of the guides, run as they stand there against the running platform.

A block ``sh`` is run; a block without a language right after it is what it must print. Only addresses, keys and
tokens are put in. Blocks ``bash`` are left out: they need minutes, or another checkout.
"""

import asyncio
import re
import shutil
from pathlib import Path

import pytest
from tests.support.platform import ADMIN_TOKEN, CONTROL_TOKEN, ROOT, Shop

_BLOCK = re.compile(r"^```sh\n(.*?)^```\n(?:\n```\n(.*?)^```\n)?", re.M | re.S)
_MARK = "--- end of block ---"
_PROBLEM = '"type":"/errors/'
_TIMEOUT_S = 60
_PORTS = {"8080": "payments", "8081": "merchants", "8082": "notifications", "8083": "simulator"}


def script_of(guide: Path, shop: Shop) -> tuple[str, list[str]]:
    """The guide as one program, and what each of its blocks must print (empty: anything but a problem)."""
    values = {"API_KEY": shop.key, "ADMIN_TOKEN": ADMIN_TOKEN, "CONTROL_TOKEN": CONTROL_TOKEN}
    blocks = _BLOCK.findall(guide.read_text())
    script = "".join(f"{commands}\necho '{_MARK}'\n" for commands, _ in blocks)
    for name, value in values.items():
        script = re.sub(rf"^{name}=.*$", f"{name}={value}", script, flags=re.M)
    for port, service in _PORTS.items():
        script = script.replace(f"http://127.0.0.1:{port}", shop.platform.url(service))
    # Who follows the guide has a receiver there.
    script = script.replace("http://127.0.0.1:9000/", f"{shop.platform.url('simulator')}/receiver/of-the-guide")
    return f"set -eu -o pipefail\n{script}", [expected for _, expected in blocks]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("name", ["take-a-payment", "receive-webhooks", "test-with-the-simulator", "add-an-acquirer"])
async def test_commands_of_the_guide_do_what_it_says(shop: Shop, name: str) -> None:
    script, expected = script_of(ROOT / f"docs/guides/{name}.md", shop)
    assert expected, "the guide has no commands"
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(_TIMEOUT_S):
        output, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (0, ""), output.decode()
    printed = output.decode().split(f"{_MARK}\n")[:-1]
    assert len(printed) == len(expected)
    for said, wanted in zip(printed, expected, strict=True):
        if wanted:
            assert said == wanted
        else:
            assert _PROBLEM not in said
