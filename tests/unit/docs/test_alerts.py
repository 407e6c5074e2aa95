"""Alerts and dashboards parse and are made of metrics that exist; each alert has a runbook of the same shape."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from devtools.reference.described import PROGRAMS, Metric, description_of

ROOT = Path(__file__).parents[3]
RULES = [
    rule
    for group in yaml.safe_load((ROOT / "docs/operations/alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARDS = [
    target["expr"]
    for file in sorted((ROOT / "charts/florin/files/dashboards").glob("*.json"))
    for panel in json.loads(file.read_text())["panels"]
    for target in panel.get("targets", [])
]
_OF_PROMETHEUS = {"job", "instance", "le"}
_SERIES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


@cache
def series() -> dict[str, Metric]:
    """Every series that programs tell, by the name that a query uses."""
    metrics = [metric for program in PROGRAMS for metric in description_of(program).metrics]
    return {metric.name + ending: metric for metric in metrics for ending in _SERIES[metric.type]}


def selectors(expression: str) -> list[promql_parser.VectorSelector]:
    found: list[promql_parser.VectorSelector] = []

    def visit(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        for part in ("expr", "lhs", "rhs", "vector_selector"):
            if (child := getattr(node, part, None)) is not None:
                visit(child)
        for child in getattr(node, "args", ()):
            visit(child)

    visit(promql_parser.parse(expression))
    return found


@pytest.mark.parametrize("expression", [*(rule["expr"] for rule in RULES), *DASHBOARDS])
def test_alerts_and_dashboards_are_made_of_metrics_and_labels_that_exist(expression: str) -> None:
    named = set(re.findall(r"\b(florin_\w+|up)\b", expression))
    asked = selectors(expression)
    assert named == {selector.name for selector in asked}, "all of the expression was looked at"
    for selector in asked:
        labels = {matcher.name for matcher in selector.matchers.matchers} - _OF_PROMETHEUS
        if selector.name != "up":
            assert labels <= set(series()[selector.name].labels)
    grouped = {label.strip() for labels in re.findall(r"by \(([^)]*)\)", expression) for label in labels.split(",")}
    told = {label for name in named - {"up"} for label in series()[name].labels}
    assert grouped <= told | _OF_PROMETHEUS


@pytest.mark.parametrize("program", ["payments", "merchants", "notifications", "operator"])
def test_a_program_that_is_gone_is_missed(program: str) -> None:
    """By Prometheus' own series or by the absence of what it tells: its own numbers end with it."""
    others = {metric.name for other in PROGRAMS if other != program for metric in description_of(other).metrics}
    own = {metric.name for metric in description_of(program).metrics} - others

    def misses(rule: dict[str, Any]) -> bool:
        expression = rule["expr"]
        of_jobs = re.fullmatch(r'up\{job=~"(.*)"\} == 0', expression)
        return bool(of_jobs and re.fullmatch(of_jobs[1], f"florin-{program}")) or any(
            expression == f"absent({name})" for name in own
        )

    assert any(misses(rule) for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_how_urgent_it_is_and_has_a_runbook(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    name = re.sub(r"(?<!^)([A-Z])", r"-\1", rule["alert"].removeprefix("Florin")).lower()
    assert rule["annotations"]["runbook"] == f"docs/runbooks/{name}.md"
    page = (ROOT / rule["annotations"]["runbook"]).read_text()
    assert re.findall(r"^#+ .*", re.sub(r"```.*?```", "", page, flags=re.S), re.M) == [
        f"# {rule['alert']}",
        "## What it means",
        "## Look",
        "## Do",
        "## Do not",
    ]
    index = (ROOT / "docs/runbooks/README.md").read_text()
    assert f"| [{rule['alert']}]({name}.md) | {rule['labels']['severity']} |" in index


def test_there_is_no_runbook_without_an_alert() -> None:
    pages = {page.name for page in (ROOT / "docs/runbooks").glob("*.md")} - {"README.md"}
    assert pages == {Path(rule["annotations"]["runbook"]).name for rule in RULES}


def test_an_expression_that_does_not_parse_is_refused() -> None:
    with pytest.raises(ValueError, match="parenthesis"):
        promql_parser.parse("max by (connector (florin_acquirer_breaker_open)")
