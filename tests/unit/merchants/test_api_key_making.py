from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.contracts.api_keys import Scope, hash_of, is_well_formed, new_key
from merchants.domain.api_key import KeyRequest, check_rotatable, end_of_overlap, make_key
from merchants.domain.errors import KeyInvalid, KeyNotRotatable

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def request(**fields) -> KeyRequest:
    return KeyRequest(
        **{"livemode": False, "name": "", "restricted": False, "scopes": (), "rate_limit_per_second": 1, **fields}
    )


@given(st.booleans(), st.booleans(), st.integers(0, 56), st.sampled_from("0aZ_-é "))
def test_keys_are_well_formed_and_a_typing_error_is_not(livemode: bool, restricted: bool, place: int, letter: str):
    key = new_key(livemode=livemode, restricted=restricted).reveal()
    assert key.startswith(f"{'rk' if restricted else 'sk'}_{'live' if livemode else 'test'}_")
    assert is_well_formed(key)
    mistyped = key[:place] + letter + key[place + 1 :]
    assert is_well_formed(mistyped) is (mistyped == key)
    assert not is_well_formed(key + "\n")


def test_keys_differ_and_hide():
    secrets = {new_key(livemode=False, restricted=False).reveal() for _ in range(1000)}
    assert len(secrets) == 1000
    assert "sk_" not in repr(new_key(livemode=False, restricted=False))


def test_what_is_stored_does_not_hold_the_key():
    secret = new_key(livemode=True, restricted=False)
    key = make_key("acme", request(livemode=True), secret, NOW)
    assert key.hash == hash_of(secret.reveal())
    assert secret.reveal()[8:-4] not in repr(key)
    assert key.id.startswith("key_live_")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"restricted": True}, "scopes"),
        ({"scopes": (Scope.PAYMENTS_READ,)}, "scopes"),
        ({"restricted": True, "scopes": (Scope.PAYMENTS_READ,) * 2}, "scopes"),
        ({"expires_at": NOW}, "expires_at"),
    ],
)
def test_keys_that_cannot_be_made(fields, param):
    secret = new_key(livemode=False, restricted=False)
    with pytest.raises(KeyInvalid) as refusal:
        make_key("acme", request(**fields), secret, NOW)
    assert refusal.value.param == param


def test_an_overlap_never_makes_a_key_live_longer():
    secret = new_key(livemode=False, restricted=False)
    key = make_key("acme", request(expires_at=NOW + timedelta(hours=1)), secret, NOW)
    check_rotatable(key, NOW)
    assert end_of_overlap(key, 60, NOW) == NOW + timedelta(seconds=60)
    assert end_of_overlap(key, 86_400, NOW) == NOW + timedelta(hours=1)
    with pytest.raises(KeyNotRotatable):
        check_rotatable(key, NOW + timedelta(hours=1))
