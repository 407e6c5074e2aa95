from pathlib import Path
from typing import Literal

import msgspec
import pytest

from florin.service import ServiceSettings
from florin.settings import Secret, SettingsError, load

SERVICE = {
    "FLORIN_DATABASE_URL": "mysql://florin:hunter2@127.0.0.1/florin",
    "FLORIN_REDIS_URL": "redis://127.0.0.1",
    "FLORIN_ADMIN_TOKEN": "a" * 32,
    "FLORIN_INTERNAL_TOKEN": "b" * 32,
}


class Everything(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    count: int = 3
    ratio: float = 0.5
    enabled: bool = False
    mode: Literal["slow", "fast"] = "slow"
    names: tuple[str, ...] = ()
    folder: Path | None = None
    token: Secret | None = None


def test_every_type_is_read_from_its_variable() -> None:
    settings = load(
        Everything,
        {
            "FLORIN_TEXT": " spaced ",
            "FLORIN_COUNT": "7",
            "FLORIN_RATIO": "1",
            "FLORIN_ENABLED": "true",
            "FLORIN_MODE": "fast",
            "FLORIN_NAMES": "a, b,,c",
            "FLORIN_FOLDER": "/var/lib/florin",
            "FLORIN_TOKEN": "12345678",
        },
    )
    assert settings == Everything(
        text="spaced",
        count=7,
        ratio=1.0,
        enabled=True,
        mode="fast",
        names=("a", "b", "c"),
        folder=Path("/var/lib/florin"),
        token=Secret("12345678"),
    )


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load(Everything, {"FLORIN_TEXT": "x", "FLORIN_COUNT": " "}).count == 3


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        load(Everything, {"FLORIN_COUNT": "many", "FLORIN_MODE": "medium"})
    message = str(caught.value)
    assert "FLORIN_TEXT is not set." in message
    assert "FLORIN_COUNT is not valid" in message
    assert "FLORIN_MODE is not valid" in message
    assert "$" not in message


def test_a_rule_between_fields_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match=r"FLORIN_ADMIN_TOKEN needs at least 24 characters in production"):
        load(ServiceSettings, {**SERVICE, "FLORIN_ADMIN_TOKEN": "short"})
    assert load(ServiceSettings, {**SERVICE, "FLORIN_ADMIN_TOKEN": "short", "FLORIN_ENVIRONMENT": "development"})


def test_a_service_listens_on_loopback_unless_told_otherwise() -> None:
    assert load(ServiceSettings, SERVICE).host == "127.0.0.1"


def test_secrets_show_nowhere() -> None:
    settings = load(ServiceSettings, SERVICE)
    assert settings.database_url.reveal() == SERVICE["FLORIN_DATABASE_URL"]
    for shown in (repr(settings), str(settings.database_url), f"{settings.database_url}", "%s" % settings.database_url):  # noqa: UP031
        assert "hunter2" not in shown
    with pytest.raises(TypeError):
        msgspec.json.encode(settings.database_url)


def test_secrets_compare_by_value_and_only_with_secrets() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret("")
