from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.races.shelf import find_scenarios, known_scenarios, shelf

ROOT = Path(__file__).parents[2]


def test_the_scenarios_that_come_along_are_found_wherever_the_package_is() -> None:
    known = known_scenarios()

    assert {"cold_stampede", "client_leaves", "shutdown_in_use"} <= known.keys()
    assert all(one.about for one in known.values())
    assert shelf().is_dir()


def test_the_wheel_carries_each_folder_of_scenarios() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]
    carried = settings["build"]["targets"]["wheel"]["force-include"]

    folders = [one.name for one in (ROOT / "scenarios").glob("[!_]*/")]
    wanted = {f"scenarios/{name}": f"harness/scenarios/{name}" for name in folders}
    assert carried.items() >= wanted.items()


def test_a_file_gives_all_its_scenarios_or_the_one_that_is_named(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from harness import scenario\n\n"
        "@scenario\nasync def one(stage): ...\n\n"
        "@scenario\nasync def other(stage): ...\n"
    )

    assert [one.name for one in find_scenarios([str(file)])] == ["one", "other"]
    assert [one.name for one in find_scenarios([f"{file}:other"])] == ["other"]
    with pytest.raises(UsageError, match="Did you mean 'other'"):
        find_scenarios([f"{file}:othr"])
