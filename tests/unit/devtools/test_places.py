"""Where things are kept, also without a home."""

import os
from pathlib import Path

import pytest

from devtools import places


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FLORIN_CACHE", "FLORIN_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)


def test_own_variables_come_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLORIN_CACHE", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert places.cache_folder() == tmp_path / "c"
    monkeypatch.delenv("FLORIN_CACHE")
    assert places.cache_folder() == tmp_path / "x" / "florin"


def test_below_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert places.cache_folder() == tmp_path / ".cache" / "florin"
    assert places.data_folder().parent == tmp_path / ".local" / "share" / "florin"


def test_without_a_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert tmp_path in places.cache_folder().parents
    monkeypatch.setenv("HOME", "/nonexistent")
    assert tmp_path in places.cache_folder().parents


def test_root_keeps_data_where_a_database_server_without_roots_rights_reaches_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert places.data_folder().parent == Path("/var/lib/florin")
