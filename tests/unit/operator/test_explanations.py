"""What `kubectl merchant explain` says follows from the resource alone."""

import string
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kubectl_merchant.chain import SILENT_S, State, explain
from kubectl_merchant.ways_out import _WAYS_OUT, OPERATOR_SILENT, OTHER_FINALIZERS, next_try, way_out
from merchant_operator.names import ADOPT, FINALIZER
from merchant_operator.problems import Reason

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def resource(conditions: dict[str, tuple[str, str]] | None = None, **metadata: Any) -> dict[str, Any]:
    said = {"Accepted": ("True", "Accepted"), "Synced": ("True", "Synced"), "Propagated": ("True", "Propagated")}
    said |= {"Ready": ("True", "Ready"), **(conditions or {})}
    return {
        "kind": "MerchantConfig",
        "metadata": {"name": "acme", "namespace": "shops", "generation": 2, "creationTimestamp": ago(60), **metadata},
        "spec": {"merchantId": "acme"},
        "status": {
            "observedGeneration": 2,
            "conditions": [
                {"type": kind, "status": status, "reason": reason, "message": "", "lastTransitionTime": ago(9)}
                for kind, (status, reason) in said.items()
            ],
        },
    }


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("reason", [*Reason, OPERATOR_SILENT, OTHER_FINALIZERS])
def test_each_reason_has_a_way_out(reason: str) -> None:
    assert reason in _WAYS_OUT
    names = {name for _, name, _, _ in string.Formatter().parse(_WAYS_OUT[reason]) if name}
    assert names <= {"kind", "name", "namespace", "merchant"}
    assert "{" not in way_out(reason, resource())
    assert next_try(reason)


def test_all_is_well() -> None:
    explanation = explain(resource(), NOW)
    assert explanation.ready
    assert [link.name for link in explanation.links] == ["seen", "accepted", "synced", "propagated", "ready"]
    assert {link.state for link in explanation.links} == {State.DONE}


def test_links_after_the_failing_one_wait() -> None:
    explanation = explain(resource({"Synced": ("False", "BreakGlass"), "Ready": ("False", "BreakGlass")}), NOW)
    assert (explanation.failing_link, explanation.reason) == ("synced", "BreakGlass")
    assert [link.state for link in explanation.links][2:] == [State.FAILED, State.WAITING, State.WAITING]


@pytest.mark.parametrize(("age_s", "state"), [(SILENT_S - 1, State.AT_WORK), (SILENT_S + 1, State.FAILED)])
def test_an_operator_that_does_not_look_is_told_from_one_that_has_not_yet(age_s: float, state: State) -> None:
    changed = [{"time": ago(age_s)}, {"time": ago(1), "subresource": "status"}]
    explanation = explain(resource(generation=3, managedFields=changed), NOW)
    assert explanation.failing_link == "seen"
    assert explanation.links[0].state is state
    deleted = explain(resource(deletionTimestamp=ago(age_s), finalizers=[FINALIZER]), NOW)
    assert deleted.links[0].state is state
    assert ("release" in (deleted.way_out or "")) is (state is State.FAILED)


def test_a_secret_that_a_restore_set_back_is_adopted() -> None:
    """Its next version is lower than what merchants knows, too."""
    explanation = explain(resource({"Synced": ("False", "StaleSecret"), "Ready": ("False", "StaleSecret")}), NOW)
    assert f"kubectl annotate merchantconfig acme -n shops {ADOPT}=" in (explanation.way_out or "")
    assert ADOPT in (explanation.next_try or "")


def test_what_others_hold_is_not_ours_to_release() -> None:
    explanation = explain(resource(deletionTimestamp=ago(99), finalizers=["example.com/backup"]), NOW)
    assert explanation.reason == OTHER_FINALIZERS
    assert "example.com/backup" in (explanation.message or "")
