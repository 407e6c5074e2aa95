"""The custom resource definitions, made from `florin.contracts` and `merchant_operator.status`."""

from merchant_operator.crds.definitions import DEFINITIONS

__all__ = ["DEFINITIONS"]
