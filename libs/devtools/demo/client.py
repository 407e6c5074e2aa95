"""HTTP as the demo speaks it: one request, one answer, nothing hidden."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT_S = 300.0
"""Generous: a check of a large ledger is one request."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    method: str
    path: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded. None when it is empty."""
        return json.loads(self.body) if self.body else None


class UnexpectedAnswer(Exception):
    """The platform answered something else than it must."""

    def __init__(self, answer: Answer, wanted: str) -> None:
        text = answer.body[:600].decode(errors="replace")
        super().__init__(f"{answer.method} {answer.path} answered {answer.status}, not {wanted}: {text}")


class Client:
    """Speaks to one service with one bearer token."""

    def __init__(self, base_url: str, token: str) -> None:
        self._address = urlsplit(base_url).netloc
        self._token = token

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send a request and return whatever comes back. ``key`` is the Idempotency-Key."""
        sent = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", **(headers or {})}
        content = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        if key is not None:
            sent["Idempotency-Key"] = key
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_S)
        try:
            connection.request(method, path, body=content, headers=sent)
            response = connection.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            return Answer(method, path, response.status, received, response.read())
        finally:
            connection.close()

    def must(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, status: tuple[int, ...] = (200, 201)
    ) -> Answer:
        """Send a request whose answer must have one of these statuses. Raises UnexpectedAnswer."""
        answer = self.call(method, path, body, key=key)
        if answer.status not in status:
            raise UnexpectedAnswer(answer, " or ".join(map(str, status)))
        return answer
