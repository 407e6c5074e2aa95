"""What every command works at: the services it speaks to, the screen it prints on, and what it asks a person."""

import sys
from functools import cached_property

import click

from florin_cli.client import Service
from florin_cli.failure import Misused
from florin_cli.screen import Screen
from florin_cli.settings import OperatorSettings, read_settings


class Desk:
    """Made once for a command; settings are read when they are first needed, so that ``--help`` needs none."""

    def __init__(self) -> None:
        self.screen = Screen()

    @cached_property
    def settings(self) -> OperatorSettings:
        """Where everything is. Raises Misused."""
        settings = read_settings()
        self.screen.local = self.screen.local or settings.times == "local"
        return settings

    @cached_property
    def payments(self) -> Service:
        """Payments, the ledger."""
        return self._service("payments", self.settings.payments_url)

    @cached_property
    def merchants(self) -> Service:
        """Merchants, keys, configurations, connectors, secrets."""
        return self._service("merchants", self.settings.merchants_url)

    @cached_property
    def notifications(self) -> Service:
        """Deliveries, replays, dead letters."""
        return self._service("notifications", self.settings.notifications_url)

    def services(self) -> list[Service]:
        """Every service that has an address."""
        simulator = self.settings.simulator_url
        return [
            self.payments,
            self.merchants,
            self.notifications,
            *([self._service("simulator", simulator)] if simulator else ()),
        ]

    def merchant(self, named: str | None) -> str:
        """The merchant that is meant. Raises Misused where none is."""
        meant = named or self.settings.merchant
        if not meant:
            raise Misused("Which merchant?", advice="Name it with --merchant, or set FLORIN_MERCHANT.")
        return meant

    def confirm(self, question: str, *, yes: bool) -> None:
        """Let a person agree to what cannot be undone easily. Raises click.Abort, and Misused where nobody is there."""
        if yes:
            return
        if not sys.stdin.isatty():
            raise Misused(f"{question} Nobody is here to say so.", advice="Add --yes to do it without asking.")
        click.confirm(question, abort=True, err=True)

    def _service(self, name: str, url: str) -> Service:
        return Service(name, url, self.settings.admin_token, timeout_s=self.settings.timeout_s)


pass_desk = click.make_pass_decorator(Desk)
