"""What is known of resources, whatever the order in which watches and lists tell."""

import time

from tests.support.operator_resources import resource

from merchant_operator.resources import Resource
from merchant_operator.world import World

KEY = resource().key


def at(version: int, name: str = "Acme") -> Resource:
    return resource(resourceVersion=f"{version}", spec={"displayName": name})


def test_an_older_version_is_no_news() -> None:
    world = World()
    assert world.see(at(500))
    assert not world.see(at(100))
    assert world.resource(KEY) == at(500)


def test_a_list_wins_over_what_was_known_before_it_was_asked_for() -> None:
    """After a restore of etcd versions begin anew, below those that are known."""
    world = World()
    world.see(at(500))
    listed_at = time.monotonic() + 1
    assert world.set_back(at(100, "Restored"), listed_at)
    assert world.resource(KEY) == at(100, "Restored")
    assert not world.set_back(at(100, "Restored"), listed_at)
    assert world.see(at(101, "Changed since"))


def test_what_was_told_after_a_list_was_asked_for_stays() -> None:
    world = World()
    listed_at = time.monotonic() - 1
    world.see(at(500))
    assert not world.set_back(at(499), listed_at)
    assert world.resource(KEY) == at(500)


def test_what_is_gone_is_not_brought_back_by_a_list() -> None:
    world = World()
    world.see(at(500))
    world.forget(KEY)
    assert not world.set_back(at(499), time.monotonic() + 1)
    assert world.resource(KEY) is None
