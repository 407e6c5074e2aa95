"""What merchants send. Unknown fields are refused: a card number has no field to go into."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from florin.money import MAX_AMOUNT_MINOR
from payments.domain.payment import CaptureMethod, Channel, Initiator

AmountMinor = Annotated[
    int,
    Meta(
        ge=1,
        le=MAX_AMOUNT_MINOR,
        description="In minor units of the currency: 1999 is 19.99 EUR, 1999 JPY, 1.999 KWD.",
        examples=[1999],
    ),
]
Text = Annotated[str, Meta(max_length=1000)]
Reason = Annotated[str, Meta(max_length=255, examples=["requested_by_customer"])]
Metadata = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=40)], Annotated[str, Meta(max_length=500)]],
    Meta(max_length=50, description="Your own notes: at most 50 keys.", examples=[{"order": "6735"}]),
]


class CardToken(Struct, frozen=True, forbid_unknown_fields=True):
    """A card by its token."""

    token: Annotated[
        str, Meta(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9_:.\-]+$", examples=["tok_visa", "tok_declined"])
    ]
    type: Literal["card"] = "card"


class CreatePaymentRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A payment to be made."""

    amount_minor: AmountMinor
    currency: Annotated[
        str, Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217, in upper case.", examples=["EUR", "JPY", "KWD"])
    ]
    payment_method: CardToken | None = None
    confirm: Annotated[bool, Meta(description="Authorise at once; otherwise call `/confirm` later.")] = False
    capture_method: Annotated[
        CaptureMethod, Meta(description="`automatic` takes the money at once; `manual` waits for `/capture`.")
    ] = CaptureMethod.AUTOMATIC
    initiator: Initiator = Initiator.CUSTOMER
    channel: Channel = Channel.ECOMMERCE
    description: Text = ""
    merchant_reference: Annotated[
        str, Meta(max_length=255, description="Your own number for this payment.", examples=["order-6735"])
    ] = ""
    metadata: Metadata = {}


class ConfirmPaymentRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The card to confirm with, where the payment has none or its last one was declined."""

    payment_method: CardToken | None = None


class CapturePaymentRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """How much to take: all that is left where no amount is given."""

    amount_minor: AmountMinor | None = None
    final: Annotated[bool, Meta(description="Give up what remains uncaptured after this.")] = False


class CancelPaymentRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is given up."""

    reason: Reason = ""


class CreateRefundRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """How much to give back, of which payment: all that is left where no amount is given."""

    payment_id: Annotated[str, Meta(min_length=1, max_length=64)]
    amount_minor: AmountMinor | None = None
    reason: Reason = ""
    metadata: Metadata = {}
