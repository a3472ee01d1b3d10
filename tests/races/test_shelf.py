"""Scenarios are found by name and by file, and a typo is guessed."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.races.shelf import find_scenarios, known_scenarios, scenarios_in, shelf

ROOT = Path(__file__).parents[2]
FILE = '''
from harness import scenario

@scenario
async def opening(stage):
    """It opens."""

@scenario(tenants=2)
async def closing(stage):
    """It closes."""

async def nothing(stage):
    """Is not marked."""
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    # What looks like a file's end is in the directory's name, too.
    directory = tmp_path / "my.pyramid"
    directory.mkdir()
    path = directory / "hours.py"
    path.write_text(FILE)
    return path


def test_all_that_come_along_are_found_and_say_what_they_are_about() -> None:
    known = known_scenarios()

    assert set(known) >= {"cold_stampede", "client_leaves", "shutdown_in_use"}
    assert [one.name for one in find_scenarios(())] == list(known)
    assert all(one.about.endswith(".") for one in known.values())
    assert {path.stem for path in shelf().glob("*.py")} >= {"first_use", "lifespan"}


def test_the_wheel_carries_each_folder_of_scenarios() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]
    carried = settings["build"]["targets"]["wheel"]["force-include"]

    folders = [one.name for one in (ROOT / "scenarios").glob("[!_]*/")]
    wanted = {f"scenarios/{name}": f"harness/scenarios/{name}" for name in folders}
    assert carried.items() >= wanted.items()


def test_names_are_found_in_the_order_in_which_they_are_given() -> None:
    names = ("client_leaves", "cold_stampede", "client_leaves")

    assert [one.name for one in find_scenarios(names)] == [*dict.fromkeys(names)]


def test_a_file_has_its_own_scenarios_and_one_of_them_can_be_named(
    file: Path,
) -> None:
    assert [one.name for one in find_scenarios([str(file)])] == ["opening", "closing"]
    [one] = find_scenarios([f"{file}:closing"])
    assert (one.name, one.tenants) == ("closing", 2)


@pytest.mark.parametrize("name", ["cold_stampedes", "Cold_stampede"])
def test_a_name_with_a_typo_is_guessed(name: str) -> None:
    with pytest.raises(UsageError, match=r"Did you mean 'cold_stampede'\?") as refusal:
        find_scenarios([name])
    assert "client_leaves" in refusal.value.hint


def test_a_name_that_a_file_does_not_have_is_guessed_from_that_file(
    file: Path,
) -> None:
    with pytest.raises(UsageError, match="Did you mean 'opening'") as refusal:
        find_scenarios([f"{file}:openings"])
    assert "cold_stampede" not in refusal.value.hint


def test_two_files_that_call_theirs_the_same_are_refused(
    file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.py"
    other.write_text(FILE)

    with pytest.raises(UsageError, match="Two scenarios are called 'opening'"):
        find_scenarios([str(file), str(other)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "has no scenario"),
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere"),
        ("def (:", "SyntaxError"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
    ],
)
def test_a_file_without_scenarios_is_refused_with_the_reason(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "broken.py"
    path.write_text(text)

    with pytest.raises(UsageError, match=message) as refusal:
        scenarios_in(path)
    assert str(path) in refusal.value.message
    assert "harness_scenarios.broken" not in sys.modules or text == "x = 1"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no file"):
        find_scenarios([str(tmp_path / "gone.py")])
