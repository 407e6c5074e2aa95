"""A connector: how one acquirer is reached. Many merchants' configurations may refer to it."""

from typing import Annotated

from msgspec import Meta, Struct

from florin.contracts.merchant_config import MerchantAccount, Name, Reference, Url

ADAPTERS = frozenset({"simulator"})
"""Adapters that payments has; a new acquirer adds its name here."""


class Timeouts(Struct, frozen=True, rename="camel"):
    """How long a call to the acquirer may take."""

    connect_seconds: Annotated[float, Meta(gt=0, le=30, description="To connect, in seconds.")] = 2.0
    total_seconds: Annotated[float, Meta(gt=0, le=120, description="For a whole call, in seconds.")] = 10.0


class Breaker(Struct, frozen=True, rename="camel"):
    """When calls are withheld from an acquirer that fails."""

    failure_threshold: Annotated[int, Meta(ge=1, le=1000, description="Failures in a row that open it.")] = 5
    open_seconds: Annotated[float, Meta(gt=0, le=3600, description="How long it stays open, in seconds.")] = 10.0


class ConnectorSpec(Struct, frozen=True, rename="camel"):
    """An acquirer's endpoint, with its credentials by reference."""

    name: Annotated[Name, Meta(description="The connector's name.")]
    adapter: Annotated[Name, Meta(description="The program that speaks to this acquirer, such as `simulator`.")]
    base_url: Annotated[Url, Meta(description="The acquirer's address.")]
    livemode: Annotated[
        bool,
        Meta(
            description="Whether it moves real money. Test payments never reach a live connector, nor live a test one."
        ),
    ] = False
    secret_ref: Annotated[
        Reference | None,
        Meta(
            description="The connector's secret that holds its credentials, on Kubernetes a Secret of the same "
            "namespace."
        ),
    ] = None
    merchant_account: Annotated[
        MerchantAccount | None, Meta(description="Our account (MID) at the acquirer, unless a binding names another.")
    ] = None
    timeouts: Annotated[Timeouts, Meta(description="How long calls may take.")] = Timeouts()
    breaker: Annotated[Breaker, Meta(description="When calls are withheld.")] = Breaker()
    not_found_final_after_seconds: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(
            description="After how many seconds the acquirer's `not found` for our reference is final; none: it "
            "deduplicates by our reference, so the same reference may be sent again.",
        ),
    ] = None
