"""What is done about a resource follows from what it says and what was seen."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.operator_resources import SYNCED, resource, row

from merchant_operator.credentials import Credentials, KeySecret, SecretValue
from merchant_operator.names import FINALIZER
from merchant_operator.plan import Action, Observed, plan
from merchant_operator.problems import Problem, Reason
from merchant_operator.resources import Resource, intent_of

HOLD, LET_GO, RELEASE, DISABLE = Action.HOLD, Action.LET_GO, Action.RELEASE, Action.DISABLE
MAKE_KEYS, COMPARE, PUT = Action.MAKE_KEYS, Action.COMPARE, Action.PUT
DELETED = {"deletionTimestamp": "2026-01-31T12:00:00Z"}
HELD: dict[str, Any] = {"finalizers": [FINALIZER]}
DISABLES = {"deletionPolicy": "Disable"}
SECRET = Credentials(secrets=(SecretValue("signing", "x", "9"),))
MISSING = Observed(problems=(Problem(Reason.SECRET_MISSING, ""),), row=row())


def actions(found: Resource, observed: Observed = Observed(row=row())) -> list[Action]:
    return plan(found, intent_of(found), observed)


@pytest.mark.parametrize(
    ("found", "observed", "wanted"),
    [
        pytest.param(resource(), Observed(), [PUT], id="new"),
        pytest.param(resource(status=SYNCED), Observed(row=row()), [], id="all is well"),
        pytest.param(resource(status=SYNCED), Observed(), [], id="all is well, as far as is known"),
        pytest.param(resource(status=SYNCED, generation=4), Observed(row=row()), [PUT], id="changed"),
        pytest.param(resource(status=SYNCED), Observed(row=row(spec_hash="x")), [COMPARE, PUT], id="edited by hand"),
        pytest.param(resource(status=SYNCED), Observed(row=row(uid="x")), [COMPARE, PUT], id="owned by another"),
        pytest.param(resource(status=SYNCED), Observed(row=row(generation=2)), [COMPARE, PUT], id="restored there"),
        pytest.param(resource(status=SYNCED), Observed(missing=True), [COMPARE, PUT], id="gone there"),
        pytest.param(resource(status=SYNCED), MISSING, [], id="a Secret is missing"),
        pytest.param(resource(), Observed(keys_wanted=True), [MAKE_KEYS, PUT], id="keys to be made"),
        pytest.param(
            resource(status=SYNCED),
            Observed(keys_wanted=True, credentials=Credentials(read=False)),
            [],
            id="Secrets were not read this time",
        ),
        pytest.param(resource(status=SYNCED), Observed(credentials=SECRET), [PUT], id="a Secret was rotated"),
        pytest.param(
            resource(status=SYNCED | {"secrets": [{"name": "signing", "version": "9"}]}),
            Observed(credentials=SECRET),
            [],
            id="its value was handed on",
        ),
        pytest.param(resource(status=SYNCED, adopt="1"), Observed(row=row()), [PUT], id="adopts"),
        pytest.param(resource(status=SYNCED | {"adopted": "1"}, adopt="1"), Observed(row=row()), [], id="adopted"),
        pytest.param(resource(spec={"reconcilePolicy": "Paused"}), Observed(missing=True), [], id="paused"),
        pytest.param(resource(spec={"reconcilePolicy": "Report"}), Observed(missing=True), [COMPARE], id="reports"),
        pytest.param(resource(spec=DISABLES), Observed(), [HOLD, PUT], id="to be disabled one day"),
        pytest.param(resource(status=SYNCED, **HELD), Observed(row=row()), [LET_GO], id="not any more"),
        pytest.param(resource(spec=DISABLES, **HELD, **DELETED), Observed(), [DISABLE, LET_GO], id="deleted, Disable"),
        pytest.param(resource(**HELD, **DELETED), Observed(), [RELEASE, LET_GO], id="deleted, Retain"),
        pytest.param(resource(spec=DISABLES, **DELETED), Observed(), [], id="deleted, and held by others"),
    ],
)
def test_plan(found: Resource, observed: Observed, wanted: list[Action]) -> None:
    assert actions(found, observed) == wanted


observations = st.builds(
    Observed,
    credentials=st.sampled_from(
        [Credentials(), Credentials(read=False), SECRET, Credentials(key_secret=KeySecret("k", "1", ()))]
    ),
    problems=st.sampled_from([(), MISSING.problems]),
    row=st.sampled_from([None, row(), row(uid="x"), row(spec_hash="x")]),
    missing=st.booleans(),
    keys_wanted=st.booleans(),
)
resources = st.builds(
    lambda policies, status, metadata, generation: resource(
        spec=policies, status=status, generation=generation, **metadata
    ),
    st.fixed_dictionaries(
        {
            "reconcilePolicy": st.sampled_from(["Enforce", "Report", "Paused"]),
            "deletionPolicy": st.sampled_from(["Retain", "Disable"]),
        }
    ),
    st.sampled_from([{}, SYNCED]),
    st.sampled_from([{}, HELD, DELETED, HELD | DELETED]),
    st.sampled_from([3, 4]),
)


@given(resources, observations)
def test_nothing_is_put_that_should_not_be(found: Resource, observed: Observed) -> None:
    done = actions(found, observed)
    assert len(done) == len(set(done))
    intent = intent_of(found)
    if found.deleted_at or observed.problems or intent.reconcile_policy != "Enforce":
        assert not {PUT, MAKE_KEYS} & set(done)
    if not found.deleted_at:
        assert not {DISABLE, RELEASE} & set(done)
    if DISABLE in done:
        assert intent.deletion_policy == "Disable"
    if MAKE_KEYS in done:  # they are made to be handed over, after that
        assert done.index(MAKE_KEYS) < done.index(PUT)
    if LET_GO in done:
        assert found.held
        assert not found.deleted_at or done[0] in (DISABLE, RELEASE)  # merchants hears of it first
