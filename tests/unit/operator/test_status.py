"""The status that is written: the same for the same, and kstatus' words are true."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.operator_resources import SYNCED, resource, row

from merchant_operator.conditions import Outcome, Propagation, describe
from merchant_operator.merchants_api import Config, Floors, Planned, Refused, Replica
from merchant_operator.plan import Observed, adopts
from merchant_operator.problems import BY_CODE, WAITS_FOR_ITSELF, Problem, Reason
from merchant_operator.resources import Resource, intent_of, references
from merchant_operator.status import ConditionStatus, MerchantConfigStatus, Status

NOW, LATER = datetime(2026, 1, 31, 12, tzinfo=UTC), datetime(2026, 1, 31, 13, tzinfo=UTC)
PUT = Config(7, True, "h", "active")
ALL = Floors("e", (Replica("payments", "p", "e", 9), Replica("notifications", "n", "e", 9)))
BEHIND = Floors("e", (Replica("payments", "p", "e", 9), Replica("notifications", "n", "e", 6)))
ANEW = Floors("e", (Replica("payments", "p", "before", 9),))


def said(status: Status) -> dict[str, tuple[str, str]]:
    return {str(one.type): (str(one.status), one.reason) for one in status.conditions}


def described(
    found: Resource,
    outcome: Outcome,
    propagation: Propagation = Propagation(ALL),
    observed: Any = None,
) -> Status:
    return describe(found, intent_of(found), observed or Observed(row=row()), outcome, propagation, NOW)


def with_status(status: Status) -> Resource:
    return resource(status=msgspec.to_builtins(status))


@pytest.mark.parametrize(
    ("floors", "long", "wanted"),
    [
        (ALL, False, ("True", "Propagated")),
        (BEHIND, False, ("False", Reason.PROPAGATING)),
        (BEHIND, True, ("False", Reason.REPLICA_BEHIND)),
        (ANEW, True, ("False", Reason.REPLICA_BEHIND)),
        (Floors("e", ALL.replicas, ("notifications",)), True, ("Unknown", Reason.NO_REPLICA)),
        (None, False, ("False", Reason.PROPAGATING)),
    ],
)
def test_ready_waits_for_each_replica(floors: Floors | None, long: bool, wanted: tuple[str, str]) -> None:
    conditions = said(described(resource(), Outcome(put=PUT), Propagation(floors, long)))
    assert conditions["Propagated"] == wanted
    assert (conditions["Ready"][0] == "True") is (wanted[0] == "True")


def test_a_replica_that_starts_later_takes_nothing_back() -> None:
    first = described(resource(), Outcome(put=PUT))
    assert said(described(with_status(first), Outcome(), Propagation(BEHIND)))["Propagated"][0] == "True"


def test_ready_is_never_said_of_another_generation() -> None:
    status = described(resource(status=SYNCED, generation=4), Outcome(unreachable="merchants does not answer"))
    assert said(status)["Ready"] == ("False", Reason.MERCHANTS_UNREACHABLE)
    assert {one.observed_generation for one in status.conditions} == {4}


@pytest.mark.parametrize(
    ("reason", "stalled"),
    [
        (Reason.SECRET_MISSING, False),
        (Reason.SECRET_INVALID, False),
        (Reason.CONNECTOR_MISSING, False),
        (Reason.CONNECTOR_NOT_READY, False),
        (Reason.SCHEMA_CHANGED, True),
    ],
)
def test_what_may_come_in_a_moment_is_no_failure(reason: Reason, stalled: bool) -> None:
    observed = Observed(problems=(Problem(reason, "No."),))
    conditions = said(described(resource(), Outcome(), observed=observed))
    assert conditions["Ready"] == ("False", reason)
    assert (conditions["Stalled"][0], conditions["Reconciling"][0]) == (str(stalled), str(not stalled))


def test_drift_is_unknown_where_merchants_has_not_told_for_long() -> None:
    synced = with_status(described(resource(), Outcome(put=PUT)))
    synced = msgspec.structs.replace(synced, generation=3)
    conditions = said(described(synced, Outcome(), observed=Observed(row=row(), outdated=True)))
    assert conditions["Drifted"] == ("Unknown", Reason.MERCHANTS_UNREACHABLE)
    assert conditions["Ready"][0] == "True"  # payments go on with what is in force
    assert said(described(synced, Outcome(put=PUT), observed=Observed(outdated=True)))["Drifted"][0] == "False"


refusals = st.sampled_from([*BY_CODE, "something_new"]).map(lambda code: Refused({"code": code, "detail": "No."}, 409))
outcomes = st.builds(
    Outcome,
    put=st.sampled_from([None, PUT]),
    compared=st.sampled_from([None, Planned(True, (), ())]),
    refused=st.none() | refusals,
    unreachable=st.sampled_from([None, "merchants does not answer"]),
)
observations = st.builds(
    Observed,
    row=st.sampled_from([None, row(), row(status="disabled"), row(spec_hash="x")]),
    problems=st.sampled_from(
        [(), *[(Problem(reason, "No."),) for reason in (Reason.SECRET_MISSING, Reason.CONNECTOR_NOT_READY)]]
    ),
)
resources = st.builds(
    lambda policy, status, generation: resource(spec={"reconcilePolicy": policy}, status=status, generation=generation),
    st.sampled_from(["Enforce", "Report", "Paused"]),
    st.sampled_from([{}, SYNCED]),
    st.sampled_from([3, 4]),
)


@given(resources, outcomes, observations)
def test_conditions_hold_together_and_the_same_is_never_written_twice(
    found: Resource, outcome: Outcome, observed: Observed
) -> None:
    status = describe(found, intent_of(found), observed, outcome, Propagation(ALL), NOW)
    conditions = said(status)
    ready = conditions["Ready"]
    chain = [conditions[kind][0] for kind in ("Accepted", "Synced", "Propagated")]
    assert (ready[0] == "True") is (set(chain) == {"True"} and ready[1] != Reason.MERCHANT_DISABLED)
    # kstatus: what is Ready is neither at work nor stuck; what waits for a person is stuck.
    if ready[0] == "True":
        assert {conditions["Reconciling"][0], conditions["Stalled"][0]} == {"False"}
    assert not conditions["Reconciling"][0] == conditions["Stalled"][0] == "True"
    assert (conditions["Stalled"][0] == "True") is (ready[0] != "True" and ready[1] not in WAITS_FOR_ITSELF)
    # An hour later, with the same seen and nothing put again, times stay and so does everything else.
    again_of = msgspec.structs.replace(outcome, put=None)
    after = with_status(describe(found, intent_of(found), observed, again_of, Propagation(ALL), NOW))
    after = msgspec.structs.replace(after, generation=found.generation, spec=found.spec)
    again = describe(after, intent_of(after), observed, again_of, Propagation(ALL), LATER)
    assert again == after.status
    assert all(one.status in ConditionStatus for one in again.conditions)


@pytest.mark.parametrize("word", ["", "yes", "\u20ac" * 256, "x" * 257, "x" * 100_000])
def test_a_word_to_adopt_is_heeded_once_whatever_it_is(word: str) -> None:
    found = resource(adopt=word)
    assert adopts(found)
    status = described(found, Outcome(put=PUT, adopted=found.adopt))
    stored = msgspec.convert(msgspec.to_builtins(status), MerchantConfigStatus)  # within the bounds of the schema
    after = resource(adopt=word, status=msgspec.to_builtins(stored))
    assert after.status == status
    assert not adopts(after)
    assert adopts(resource(adopt=f"{word}!", status=msgspec.to_builtins(stored)))


def test_a_status_of_another_release_is_no_obstacle() -> None:
    """Everything is looked at anew."""
    assert resource(status={"appliedGeneration": "three", "conditions": "none"}).status.applied_generation is None
    assert resource(status=SYNCED | {"added": {"later": True}}).status.applied_generation == 3
    assert references(resource(spec={"connectors": "of another schema"})) == set()
