"""kubectl itself, called with the flags that a person gave: everything is asked with their account and their rights."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any, ClassVar

from florin_cli.failure import Exit, Failure, Misused

_SAID = re.compile(r"^Error from server \((\w+)\): (.*)", re.MULTILINE | re.DOTALL)
_TIMEOUT_S = 60.0


class KubectlFailed(Failure):
    """The API server refused, or was not reached. ``reason`` is its own word, such as `Forbidden`; '' where it said
    none.
    """

    code: ClassVar[str] = "kubectl"

    def __init__(self, said: str, *, advice: str = "") -> None:
        found = _SAID.search(said)
        self.reason = found[1] if found else ""
        super().__init__((found[2] if found else said).strip() or "kubectl failed and said nothing.", advice=advice)
        self.exit = Exit.REFUSED if found else Exit.UNREACHABLE

    def document(self) -> dict[str, Any]:
        """With the API server's reason."""
        return super().document() | ({"reason": self.reason} if self.reason else {})


class Kubectl:
    """A person's kubectl."""

    def __init__(self, flags: Sequence[str] = ()) -> None:
        self._flags = flags

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """What kubectl prints. Raises KubectlFailed."""
        program = shutil.which("kubectl")
        if program is None:
            raise Misused("There is no kubectl.", advice="Install it; this is its plugin.")
        argv = [program, *arguments, *self._flags]
        try:
            done = subprocess.run(  # noqa: S603 - the person's own program and arguments
                argv, input=stdin, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
            )
        except subprocess.TimeoutExpired:
            raise KubectlFailed(f"kubectl {arguments[0]} did not end within {_TIMEOUT_S:.0f} s.") from None
        if done.returncode != 0:
            raise KubectlFailed(done.stderr)
        return done.stdout

    def read(self, *arguments: str) -> Any:
        """`kubectl get` as JSON."""
        return json.loads(self.run("get", *arguments, "-o", "json"))

    def send(self, path: str, document: Any) -> Any:
        """POST to a path of the API server; its answer."""
        return json.loads(self.run("create", "--raw", path, "-f", "-", stdin=json.dumps(document)))
