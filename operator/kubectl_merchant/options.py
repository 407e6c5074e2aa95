"""What every command of the plugin takes: kubectl's own flags, and how to print."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from florin_cli.screen import Screen
from kubectl_merchant.kubectl import Kubectl


class Desk:
    """What a command works at."""

    def __init__(self, kubectl: Kubectl, screen: Screen) -> None:
        self.kubectl = kubectl
        self.screen = screen


def command(run: Callable[..., int]) -> Callable[..., int]:
    """A command whose first argument is a Desk, made of the flags."""

    @click.option("-n", "--namespace", metavar="NAMESPACE", help="The namespace; the context's where none is named.")
    @click.option("--context", metavar="CONTEXT", help="The kubeconfig's context.")
    @click.option("--kubeconfig", metavar="FILE", help="The kubeconfig.")
    @click.option("-o", "--output", type=click.Choice(["json"]), help="Print JSON, for machines.")
    @click.pass_context
    @wraps(run)
    def wrapped(ctx: click.Context, /, output: str | None, **options: Any) -> int:
        flags = {name: options.pop(name) for name in ("namespace", "context", "kubeconfig")}
        screen = ctx.ensure_object(Screen)
        screen.json = output == "json"
        given = [f"--{name}={value}" for name, value in flags.items() if value]
        return run(Desk(Kubectl(given), screen), **options)

    return wrapped
