"""Subdirectories are asked to lie far apart, where the file system can do that."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.environment.account import server_account
from harness.environment.place import find_place
from harness.environment.spreading import spread


def flags(directory: Path) -> str:
    """Return the flags as `lsattr` shows them; skips where there are none."""
    try:
        answer = subprocess.run(
            ["lsattr", "-d", directory], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("there is no lsattr")
    if answer.returncode:
        pytest.skip(f"the file system has no flags: {answer.stderr}")
    return answer.stdout.split()[0]


def open_files() -> list[Path]:
    return list(Path("/dev/fd").iterdir())


def test_the_mark_comes_to_those_that_are_there_already(tmp_path: Path) -> None:
    before = flags(tmp_path)
    if "e" not in before:
        pytest.skip("no ext4")

    spread(tmp_path)
    spread(tmp_path)

    assert set(flags(tmp_path)) == {*before, "T"}


def test_runs_and_what_they_share_lie_apart(home: Path) -> None:
    place = find_place(home, server_account())

    if "e" not in flags(place.base):
        pytest.skip("no ext4")
    assert "T" in flags(place.runs)
    assert "T" in flags(place.cache)
    assert "T" not in flags(place.base)


@pytest.mark.parametrize("name", ["/dev/shm", "/proc", "/nowhere"])
def test_what_cannot_be_marked_is_left_alone(name: str) -> None:
    there, before = Path(name).exists(), len(open_files())

    spread(Path(name))

    assert Path(name).exists() is there
    assert len(open_files()) == before
