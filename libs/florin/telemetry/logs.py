"""Logs as JSON lines on stdout, redacted, with the request and the trace they belong to."""

import asyncio
import atexit
import logging
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, TextIO

import msgspec

from florin.telemetry.redaction import redact, redact_value
from florin.telemetry.tracing import current_trace_id

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The request that is being answered."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}
_ACCESS_DELAY_S = 0.05
_encode = msgspec.json.Encoder(enc_hook=str).encode


@lru_cache(maxsize=4)
def _whole_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC, with microseconds."""
    whole = int(seconds)
    return f"{_whole_second(whole)}.{int((seconds - whole) * 1e6):06d}Z"


class JsonFormatter(logging.Formatter):
    """One log record as one line of JSON. Whatever came with ``extra=`` becomes a member of the line."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "time": timestamp(record.created),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": redact(_message_of(record)),
        }
        if (current := request_id.get()) is not None:
            line["request_id"] = current
        if (trace_id := current_trace_id()) is not None:
            line["trace_id"] = trace_id
        for name, value in vars(record).items():
            if name not in _STANDARD and name not in line:
                line[name] = redact_value(value, name)
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = redact(record.stack_info)
        return _encode(line).decode()


def _message_of(record: logging.LogRecord) -> str:
    args = record.args
    if isinstance(args, Mapping):  # logging's own convention: one mapping fills %(name)s placeholders
        record = logging.makeLogRecord({**vars(record), "args": redact_value(args)})
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # A wrong format string must not lose the line, nor write its traceback past the redaction.
        return f"{record.msg} {args!r}"


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes each line at once. A failed write is counted nowhere and raises nothing: logs never stop payments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Stay silent: the default would print the record, unredacted, on stderr."""


class AccessLog:
    """Lines for answered requests, past the logging machinery, which would cost more than their routing.

    They are written together, a few milliseconds later: one system call for many requests. A process that is killed
    loses the last of them, and nothing but them.
    """

    def __init__(self, service: str, output: TextIO) -> None:
        self._service = service
        self._output = output
        self._waiting: list[bytes] = []

    def write(self, **members: Any) -> None:
        """Add a line. The members hold no free text but what the caller has redacted."""
        line = {"time": timestamp(time.time()), "level": "INFO", "service": self._service, "logger": "access"}
        self._waiting.append(_encode(line | members))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(_ACCESS_DELAY_S, self.flush)

    def flush(self) -> None:
        """Write what waits. A full disk or a closed pipe loses it: logs never stop payments."""
        waiting, self._waiting = self._waiting, []
        with suppress(OSError, ValueError):
            self._output.write("".join(f"{line.decode()}\n" for line in waiting))
            self._output.flush()


_access_log: AccessLog | None = None


def access_log() -> AccessLog | None:
    """The access log of this process; None before `configure_logging`."""
    return _access_log


def configure_logging(service: str, *, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log line of this process through `JsonFormatter` to stdout (or ``stream``)."""
    global _access_log
    output = stream or sys.stdout
    _access_log = AccessLog(service, output)
    atexit.register(_access_log.flush)
    handler = LineHandler(output)
    handler.setFormatter(JsonFormatter(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "litestar"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # The access log is the frame's own; asyncio's debug lines and aiohttp's client access lines help nobody.
    logging.getLogger("uvicorn.access").disabled = True
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught


def _log_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """What ends the process is told like everything else: Python's own way prints it unredacted."""
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("florin").critical("The process ends: %s.", kind.__name__, exc_info=(kind, error, traceback))
