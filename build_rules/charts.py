"""Charts: a chart in a folder, with what Pants does not count among a chart's sources."""


def florin_chart(*beside):
    """A chart in a folder, and the other files that it consists of."""
    resources(name="beside", sources=[".helmignore", "README.md", *beside])
    helm_chart(name="chart", dependencies=[":beside"])
