"""The receiver's page for people: what came, newest first, and whether it verified."""

from html import escape

import msgspec

from simulator.store.book import Book
from simulator.store.received import Received, list_received, summarize_receivers

_ON_PAGE = 20
_HEAD = """<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">
<title>Webhooks received</title><style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1f2430 }
table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: 600 }
th, td { padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #d9dce3; vertical-align: top }
code, pre { font: .85rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; margin: 0 }
.yes { color: #11703a } .no { color: #b3261e; font-weight: 600 } summary { cursor: pointer }
</style><h1>Webhooks received</h1>"""


class _Payload(msgspec.Struct, frozen=True):
    type: str = "?"


def render_page(book: Book) -> str:
    """The page, as HTML."""
    parts = [_HEAD]
    summaries = summarize_receivers(book)
    if not summaries:
        parts.append("<p>Nothing yet. Send webhooks to <code>/receiver/&lt;any name&gt;</code>.")
    for summary in summaries:
        name = escape(summary.name)
        parts.append(
            f"<h2><a href='/receiver/{name}'>{name}</a></h2><p>{summary.received} received, "
            f"{summary.verified} verified, {summary.distinct} distinct. The newest {_ON_PAGE}:"
            "<table><tr><th>at (UTC)<th>type<th>webhook-id<th>verified<th>answered"
        )
        newest = list_received(book, summary.name, webhook_id=None, after=0, limit=_ON_PAGE, newest_first=True)
        parts.extend(_render_row(webhook) for webhook in newest)
        parts.append("</table>")
    return "".join(parts)


def _render_row(webhook: Received) -> str:
    verdict = "<td class=yes>yes" if webhook.verified else f"<td class=no>no: {escape(webhook.reason)}"
    return (
        f"<tr><td>{webhook.received_at:%H:%M:%S.%f}"
        f"<td><details><summary>{escape(_type_of(webhook.body))}</summary><pre>{escape(_pretty(webhook.body))}</pre></details>"
        f"<td><code>{escape(webhook.webhook_id)}</code>{verdict}<td>{webhook.status}"
    )


def _type_of(body: str) -> str:
    try:
        return msgspec.json.decode(body, type=_Payload).type
    except msgspec.DecodeError:
        return "not JSON"


def _pretty(body: str) -> str:
    try:
        return msgspec.json.format(body, indent=2)
    except msgspec.DecodeError:
        return body
