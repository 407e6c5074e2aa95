"""The page of each error code, made from the tree of errors itself: /errors/{code} and docs/reference/errors.md."""

import html
import inspect
import re
from typing import NamedTuple

from litestar import Response, Router, get
from litestar.params import FromPath

from florin.errors import FlorinError, Kind
from florin.service.problems import RouteNotFound, status_of

_WHAT_TO_DO = {
    Kind.INVALID: "Mend the request; sending it again unchanged cannot help.",
    Kind.UNAUTHENTICATED: "Send a valid credential.",
    Kind.FORBIDDEN: "Use a credential that carries the right.",
    Kind.NOT_FOUND: "Check the id, and that the key belongs to its merchant and mode.",
    Kind.CONFLICT: "Read the object's present state and decide again.",
    Kind.STALE: "Read the present state; send again only what is newer than it.",
    Kind.DECLINED: "Ask the payer for another way to pay, or follow the decline's advice.",
    Kind.TOO_LARGE: "Send less.",
    Kind.RATE_LIMITED: "Wait for `Retry-After` seconds, then send the same request again.",
    Kind.UNAVAILABLE: "Wait for `Retry-After` seconds, then send the same request again with the same key.",
}
_CODE_SPAN = re.compile(r"``?([^`]+)``?")


class ErrorPage(NamedTuple):
    """What there is to know about a code."""

    code: str
    title: str
    status: int
    kind: str
    retryable: bool
    meaning: str
    what_to_do: str


def error_pages(*packages: str) -> dict[str, ErrorPage]:
    """A page for every loaded error class of these packages, or of all, by code.

    Raises ValueError where two classes share a code.
    """
    pages: dict[str, ErrorPage] = {}
    owners: dict[str, type[FlorinError]] = {}
    waiting = FlorinError.__subclasses__()
    while waiting:
        error = waiting.pop()
        waiting += error.__subclasses__()
        if "code" not in vars(error):
            continue  # only groups others
        if packages and error.__module__.partition(".")[0] not in packages:
            continue  # of another service, which may use the same name
        if owners.setdefault(error.code, error) is not error:
            raise ValueError(f"{error.__qualname__} and {owners[error.code].__qualname__} share the code {error.code}.")
        pages[error.code] = _page_of(error)
    return dict(sorted(pages.items()))


def _page_of(error: type[FlorinError]) -> ErrorPage:
    status = status_of(error)
    what_to_do = _WHAT_TO_DO[error.kind]
    if status >= 500 and error.kind is Kind.INVALID:
        what_to_do = "Send the same request again with the same key; if it stays, give us the request id."
    elif error.retryable and error.kind is Kind.INVALID:
        what_to_do = "Send the same request again."
    return ErrorPage(
        code=error.code,
        title=error.title,
        status=status,
        kind=error.kind.value,
        retryable=error.retryable,
        meaning=inspect.cleandoc(error.__doc__ or ""),
        what_to_do=what_to_do,
    )


def errors_markdown(pages: dict[str, ErrorPage]) -> str:
    """The reference of all codes."""
    lines = [
        "# Errors",
        "",
        "Every error is a problem document (RFC 9457, `application/problem+json`). Programs decide by `code`, which is",
        "stable; `detail` is for people. A service serves the same text at `/errors/{code}`.",
        "",
        "This page is made from the code: `./dev generate`.",
        "",
        "| code | status | may be sent again | title |",
        "|---|---|---|---|",
    ]
    for page in pages.values():
        again = "yes" if page.retryable else "no"
        lines.append(f"| [`{page.code}`](#{page.code}) | {page.status} | {again} | {page.title} |")
    for page in pages.values():
        meaning = _CODE_SPAN.sub(r"`\1`", page.meaning)
        lines += ["", f"## {page.code}", f"{page.status}: {page.title}.", "", meaning, "", page.what_to_do]
    return "\n".join(lines) + "\n"


_HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{code}</title>
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem }}</style>
</head>
<body>
<h1><code>{code}</code></h1>
<p>{status}: {title}.</p>
{meaning}
<p><strong>What to do:</strong> {what_to_do}</p>
</body>
</html>
"""


def _html_of(text: str) -> str:
    return _CODE_SPAN.sub(r"<code>\1</code>", html.escape(text))


def error_html(page: ErrorPage) -> str:
    """The page of one code, for a browser."""
    paragraphs = "\n".join(f"<p>{_html_of(part)}</p>" for part in page.meaning.split("\n\n"))
    return _HTML.format(
        code=html.escape(page.code),
        status=page.status,
        title=html.escape(page.title),
        meaning=paragraphs,
        what_to_do=_html_of(page.what_to_do),
    )


def reference_routes(service: str) -> Router:
    """/errors/{code}: where a problem document's ``type`` leads."""

    @get("/errors/{code:str}", sync_to_thread=False)
    def error_page(code: FromPath[str]) -> Response[str]:
        """The page about one error code."""
        page = error_pages("florin", service).get(code)
        if page is None:
            raise RouteNotFound(f"No error has the code {code[:80]!r}.")
        return Response(error_html(page), media_type="text/html")

    return Router("/", route_handlers=[error_page], include_in_schema=False)
