"""What the terminal shows: steps with their progress and time; plain lines when nobody watches."""

import sys
import threading
import time
from types import TracebackType
from typing import Self

_PLAIN_EVERY_S = 5.0
_WIDTH = 110


def styled(text: str, code: str) -> str:
    """Text in an ANSI style where the terminal shows styles."""
    return f"\x1b[{code}m{text}\x1b[0m" if sys.stdout.isatty() else text


def bold(text: str) -> str:
    """Emphasis."""
    return styled(text, "1")


def dim(text: str) -> str:
    """Of less weight."""
    return styled(text, "2")


class Step:
    """One thing being done. ``with Step("Packages") as step: step.progress("12 of 89")``."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.failed = False
        self._detail = ""
        self._began = time.monotonic()
        self._shown_at = self._began
        self._done = threading.Event()
        self._ticker: threading.Thread | None = None

    def __enter__(self) -> Self:
        if sys.stdout.isatty():
            self._ticker = threading.Thread(target=self._tick, daemon=True)
            self._ticker.start()
        else:
            print(f"- {self.title} ...", flush=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ticker is not None:
            self._done.set()
            self._ticker.join()
            print("\r\x1b[K", end="")
        mark = styled("✓", "32") if kind is None and not self.failed else styled("✗", "31")
        detail = f": {self._detail}" if self._detail else ""
        print(f"{mark} {self.title}{detail} {dim(f'({self.seconds:.1f} s)')}", flush=True)

    @property
    def seconds(self) -> float:
        """Since the step began."""
        return time.monotonic() - self._began

    def progress(self, detail: str) -> None:
        """Say how far it is."""
        changed = detail != self._detail
        self._detail = detail
        if self._ticker is None and changed and time.monotonic() - self._shown_at > _PLAIN_EVERY_S:
            self._shown_at = time.monotonic()
            print(f"    {detail} ({self.seconds:.0f} s)", flush=True)

    def _tick(self) -> None:
        frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
        turn = 0
        while not self._done.wait(0.1):
            turn += 1
            line = f"{frames[turn % len(frames)]} {self.title}  {self._detail}  {self.seconds:.0f} s"
            print(f"\r\x1b[K{line[:_WIDTH]}", end="", flush=True)
