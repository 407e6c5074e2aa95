"""Names that others see: of the API group, of annotations, of what is put into Secrets."""

GROUP = "florin.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
MERCHANT_CONFIG = "MerchantConfig"
CONNECTOR = "Connector"
PLURALS = {MERCHANT_CONFIG: "merchantconfigs", CONNECTOR: "connectors"}

FINALIZER = f"{GROUP}/disable-merchant"
"""Holds a MerchantConfig with deletionPolicy Disable until its merchant is disabled; `Retain` needs none."""
ADOPT = f"{GROUP}/adopt"
"""Annotation: take the merchant over from another owner of the namespace, from a hand, or from what a restore left at
merchants. Any value; it works once for each value."""
RELEASED = f"{GROUP}/released"
"""Annotation that `kubectl merchant release` leaves: when and by whom."""

TEST_KEY_ENTRY = "test-key"
LIVE_KEY_ENTRY = "live-key"
"""Entries of the Secret that `apiKeySecretName` names."""
SIGNING_SECRET_ENTRY = "value"  # noqa: S105 - a name
"""The entry of a Secret with several that holds the one value; a Secret with one entry may name it as it likes."""

OPERATOR = f"{GROUP}/operator"
"""Annotation of the account below: the Service of the operator that serves its namespace, as namespace/name."""
PLAN_ACCOUNT = "florin-plan"
"""The service account, one in each watched namespace, whose short tokens let a person ask for a plan."""
PLAN_AUDIENCE = "florin-operator"
"""What such a token is good for, and nothing else."""
