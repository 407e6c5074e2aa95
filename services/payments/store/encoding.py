"""The aggregate as it is stored: JSON of `payments.domain.payment.Payment`. New fields need defaults."""

import msgspec

from payments.domain.payment import Payment

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Payment)


def encode_payment(payment: Payment) -> bytes:
    """The column ``payments.body``."""
    return _encoder.encode(payment)


def decode_payment(body: bytes) -> Payment:
    """The payment in a stored body."""
    return _decoder.decode(body)
