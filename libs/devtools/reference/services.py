"""The picture of services and streams in docs/architecture.md, drawn from what their composition roots put together."""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

_PAGE = Path(__file__).parents[3] / "docs/architecture.md"
_BEGIN = "<!-- drawn from the code: ./dev generate -->\n"
_END = "<!-- end -->\n"
SERVICES = ("payments", "merchants", "notifications")
_OUTSIDE = """
    shop([merchants' programs]) -- "POST /v1/payments" --> payments
    people([operators]) -- "/admin/v1" --> merchants
    payments -- "authorize, capture, void, refund, find" --> acquirers([acquirers, by adapter: {adapters}])
    acquirers -- "/callbacks" --> payments
    notifications -- signed webhooks --> shop
"""


def render() -> str:
    """The whole page, with its picture as the code is now."""
    before, _, rest = _PAGE.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}```mermaid\nflowchart LR{_picture()}```\n{_END}{after}"


def _picture() -> str:
    mains = {service: import_module(f"{service}.main") for service in SERVICES}
    adapters = ", ".join(sorted(mains["payments"].ADAPTERS))
    lines = [_OUTSIDE.format(adapters=adapters)]
    published = {stream: service for service, main in mains.items() for stream in _streams(main, "Relay", 2)}
    for name in dict.fromkeys(stream.partition(".")[0] for stream in published):
        modes = [stream for stream in published if stream.partition(".")[0] == name]
        lines.append(f"    {_node(modes[0])}[({'<br>'.join(modes)})]\n")
        lines.append(f"    {published[modes[0]]} -- outbox, relay --> {_node(modes[0])}\n")
    for service, main in mains.items():
        read = dict.fromkeys(map(_node, _streams(main, "Consumer", 3)))
        lines += [f"    {stream} -- inbox --> {service}\n" for stream in read]
    for service, other in product(SERVICES, repeat=2):
        if f"{other}_url" in _fields(service):
            lines.append(f"    {service} -. asks .-> {other}\n")
    lines += [f"    {service} <--> {service}_db[(schema {service})]\n" for service in SERVICES]
    return "".join(lines)


def _node(stream: str) -> str:
    """The streams of both modes are one node."""
    return f"stream_{stream.partition('.')[0]}"


def _streams(main: ModuleType, maker: str, place: int) -> Iterator[str]:
    """The streams that are given, at this place of its arguments, to each ``maker`` that a composition root calls."""
    for node in ast.walk(ast.parse(inspect.getsource(main))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == maker:
            argument = ast.Expression(node.args[place])
            yield from eval(compile(argument, main.__name__, "eval"), vars(main))  # noqa: S307 - our own source


def _fields(service: str) -> set[str]:
    settings: Any = import_module(f"{service}.settings")
    struct = getattr(settings, f"{service.capitalize()}Settings")
    return {field.name for field in msgspec.structs.fields(struct)}
