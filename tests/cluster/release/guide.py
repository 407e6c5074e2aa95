"""The guide's examples, run as they are printed."""

import os
import re
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.cluster.release.installation import Installation

from devtools.cluster.tools import program

_GUIDE = Path(__file__).parents[3] / "docs/guides/install-on-kubernetes.md"


def shown(language: str, word: str) -> str:
    """The one example in a language that has this word."""
    (block,) = [
        block for block in re.findall(rf"```{language}\n(.*?)```", _GUIDE.read_text(), re.DOTALL) if word in block
    ]
    return str(block)


def run(script: str, installation: Installation, folder: Path) -> str:
    """What a shell prints, in the installation's namespace in place of the guide's."""
    env = os.environ | {
        "KUBECONFIG": str(installation.cluster.kubeconfig),
        "PATH": f"{program('kubectl').parent}:{os.environ['PATH']}",
    }
    here = script.replace("-n florin ", f"-n {installation.namespace} ")
    with subprocess.Popen(
        ["sh", "-euc", here],
        cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    ) as shell:  # fmt: skip
        try:
            told, complaints = shell.communicate(timeout=180)
        finally:
            with suppress(ProcessLookupError):  # what it left in the background
                os.killpg(shell.pid, signal.SIGKILL)
    assert shell.returncode == 0, complaints
    return told
