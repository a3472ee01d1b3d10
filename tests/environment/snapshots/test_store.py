"""Snapshots appear whole or not at all, and do not grow without end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.environment.owner import Owner
from harness.environment.snapshots.store import Store, default_cache
from harness.errors import ResourceError


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.opened(tmp_path / "cache" / "snapshots", largest=1000)


def keep(store: Store, key: str, size: int = 10) -> None:
    with store.writing(key) as draft:
        assert draft is not None
        (draft / "data").write_bytes(bytes(size))


def names(store: Store) -> list[str]:
    return sorted(path.name for path in store.directory.iterdir())


def test_what_was_written_is_found_and_only_its_user_may_look(store: Store) -> None:
    keep(store, "one")

    found = store.find("one")

    assert found is not None
    assert (found / "data").read_bytes() == bytes(10)
    assert store.directory.stat().st_mode & 0o777 == 0o700
    assert found.stat().st_mode & 0o777 == 0o700
    assert store.find("other") is None
    assert names(store) == ["one"]


def test_a_half_written_one_is_never_found(store: Store) -> None:
    def fail_half_way() -> None:
        with store.writing("one") as draft:
            assert draft is not None
            (draft / "data").touch()
            assert store.find("one") is None
            raise LookupError

    with pytest.raises(LookupError):
        fail_half_way()

    assert store.find("one") is None
    assert names(store) == []


def test_of_two_writers_only_one_writes(store: Store) -> None:
    with store.writing("one") as first:
        with store.writing("one") as second, store.writing("other") as third:
            assert second is None
            assert third is not None
        assert first is not None

    assert store.find("one") is not None
    assert store.find("other") is not None


def test_what_a_dead_writer_left_is_cleared_away_and_a_living_ones_stays(
    store: Store,
) -> None:
    code = (
        "from harness.environment.owner import Owner; print(Owner.current().new_name())"
    )
    dead = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    living = Owner.current().new_name()
    for name in (dead, living):
        (store.directory / f".draft-key-{name}").mkdir()

    Store.opened(store.directory)

    assert names(store) == [f".draft-key-{living}"]


def test_the_longest_unused_ones_go_when_they_take_too_much(store: Store) -> None:
    for number, key in enumerate(("one", "two", "three")):
        keep(store, key, 300)
        os.utime(store.directory / key, (number, number))
    store.find("one")

    keep(store, "four", 300)

    assert names(store) == ["four", "one", "three"]


def test_the_latest_stays_however_large(store: Store) -> None:
    keep(store, "one", 300)
    keep(store, "large", 5000)

    assert names(store) == ["large"]


def test_one_can_be_discarded(store: Store) -> None:
    keep(store, "one")

    store.discard("one")
    store.discard("one")

    assert names(store) == []


def test_a_directory_that_others_can_look_into_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    (tmp_path / "link").symlink_to(tmp_path)

    for name in ("open", "link"):
        with pytest.raises(ResourceError, match="only this user can use"):
            Store.opened(tmp_path / name)


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ResourceError, match="cannot be kept in"):
        Store.opened(tmp_path / "file" / "snapshots")


@pytest.mark.parametrize(
    ("variable", "wanted"),
    [("/x", "/x/tenant-harness"), ("", "{home}/.cache/tenant-harness"), ("x", None)],
)
def test_the_cache_is_where_xdg_has_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, wanted: str | None
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", variable)

    expected = (wanted or "{home}/.cache/tenant-harness").format(home=Path.home())
    assert default_cache() == Path(expected)
