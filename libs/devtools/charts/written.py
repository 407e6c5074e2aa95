"""The files that are made from the charts' values, with what they must hold."""

from pathlib import Path

import msgspec
import yaml

from devtools.charts.readme import with_table
from devtools.charts.rendering import LIBRARY, UMBRELLA, all_charts
from devtools.charts.schema import Values, schema_of
from devtools.charts.values import read_values
from devtools.places import CHECKOUT

_ALERTS = CHECKOUT / "docs" / "operations" / "alerts.yaml"


def written_files() -> dict[Path, str]:
    """By file, its text as it must be. Charts that hold no values have none."""
    shared = _own_values(LIBRARY)
    # A chart cannot reach a file beyond its own folder.
    files = {UMBRELLA / "files" / "alerts.yaml": _ALERTS.read_text()}
    for chart in (chart for chart in all_charts() if (chart / "values.yaml").exists()):
        values = _own_values(chart)
        readme = chart / "README.md"
        files[readme] = with_table(readme.read_text(), values.values())
        if chart != LIBRARY:
            schema = schema_of(
                {path: value for path, value in values.items() if path[0] != "global"},
                shared=shared,
                components=_components(chart),
            )
            text = msgspec.json.format(msgspec.json.encode(schema), indent=2).decode()
            files[chart / "values.schema.json"] = f"{text}\n"
    return files


def _own_values(chart: Path) -> Values:
    """What may be set in a chart; ``exports`` says the same once more, for a chart that imports it."""
    return {path: value for path, value in read_values(chart / "values.yaml").items() if path[0] != "exports"}


def _components(chart: Path) -> tuple[str, ...]:
    """Names under which a chart installs others."""
    dependencies = yaml.safe_load((chart / "Chart.yaml").read_text()).get("dependencies", [])
    return tuple(dependency["alias"] for dependency in dependencies if "alias" in dependency)
