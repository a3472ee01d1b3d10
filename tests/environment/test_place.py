"""Our own directory: nobody else's is trusted, nobody else's is changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.environment.account import server_account
from harness.environment.place import find_place
from harness.errors import PostgresError


@pytest.fixture
def temp(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a temporary directory that is the one of `tempfile`, too."""
    monkeypatch.setattr("tempfile.tempdir", str(home))
    return home


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_by_default_it_is_the_users_own_in_the_temporary_directory(temp: Path) -> None:
    place = find_place(None, server_account())

    assert place.base == temp.resolve() / f"harness-{os.geteuid()}"
    assert mode(place.base) == mode(place.runs) == 0o711


def test_a_link_in_its_place_is_refused(temp: Path, tmp_path: Path) -> None:
    (temp / f"harness-{os.geteuid()}").symlink_to(tmp_path)

    with pytest.raises(PostgresError, match="not a directory that only this user"):
        find_place(None, server_account())

    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_others_may_write_to_is_refused(temp: Path) -> None:
    (temp / f"harness-{os.geteuid()}").mkdir()
    (temp / f"harness-{os.geteuid()}").chmod(0o777)

    with pytest.raises(PostgresError, match="not a directory that only this user"):
        find_place(None, server_account())


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_directory_of_another_user_is_refused(temp: Path) -> None:
    (temp / f"harness-{os.geteuid()}").mkdir(mode=0o755)
    os.chown(temp / f"harness-{os.geteuid()}", 65534, 65534)

    with pytest.raises(PostgresError, match="not a directory that only this user"):
        find_place(None, server_account())


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_home_that_the_server_cannot_reach_is_passed_over_unchanged(
    temp: Path,
) -> None:
    private = temp / "private"
    private.mkdir(mode=0o700)

    place = find_place(private / ".harness", server_account())

    assert place.base.parent == temp.resolve()
    assert mode(private) == 0o700


def test_a_home_that_the_server_can_reach_is_taken(home: Path) -> None:
    place = find_place(home / ".harness", server_account())

    assert place.base == (home / ".harness").resolve() / "postgres"


def test_a_run_takes_its_directory_along_when_it_fails(home: Path) -> None:
    place = find_place(home, server_account())
    seen = []

    def fail() -> None:
        with place.run() as directory:
            seen.append(directory)
            (directory / "file").touch()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert [directory.exists() for directory in seen] == [False]
