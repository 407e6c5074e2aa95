"""What writes files of the repository from its code: the one list.

A generator is a module that writes its files into the checkout that it was imported from, and nothing else. Tests hold
what is written equal to the code. They run in this order: the reference reads the schemas.
"""

GENERATORS = {
    "tests.support.schemas": "services/*/schema.sql, by a private MariaDB",
    "florin.service.write_reference": "docs/reference/errors.md",
    "devtools.reference": "docs/reference: statuses, events, OpenAPI documents and what else is read off the services",
    "simulator.write_test_cards": "docs/reference/test-cards.md",
    "merchant_operator.crds": "the custom resource definitions and their page",
    "devtools.charts": "the charts' schemas and tables of values",
    "tests.benchmarks.page": "docs/benchmark.md and its chart, from the numbers that are published",
}
"""Module -> what it writes."""
