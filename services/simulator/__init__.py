"""An acquirer and card issuer to develop and test against: stateful, durable, with faults on demand."""
