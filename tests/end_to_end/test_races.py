from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.scheduling.choice import Key
from harness.scheduling.tape import Deviation
from harness.scheduling.token import Token, decode, encode
from tests.end_to_end.conftest import Ended, Project

ROOT = Path(__file__).parents[2]
FILE = ROOT / "tests" / "targets" / "first_use.py"
TWO = f"{FILE}:two_at_once"
TOKEN = re.compile(r"r1\.[\w-]+")


@pytest.fixture
def first_use(project: Project, server_dsn: str) -> Project:
    """The app of first use as a user's project, on the tests' server."""
    (project.path / "pyproject.toml").write_text(
        '[tool.harness]\ntarget = "tests.targets.first_use:target"\ntenants = 2\n'
    )
    return project


def run(project: Project, dsn: str, *arguments: str) -> Ended:
    variables = {"HARNESS_DSN": dsn, "PYTHONPATH": str(ROOT)}
    return project.run(*arguments, variables=variables)


def report(project: Project) -> dict[str, Any]:
    path = max(project.path.glob(".harness/runs/*races*/report.json"))
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def test_a_planted_race_is_found_drawn_and_replayed_by_its_token(
    first_use: Project, server_dsn: str
) -> None:
    explored = run(
        first_use, server_dsn, "races", TWO, "--variant", "racing", "--schedules", "4"
    )

    assert explored.code == 1, explored.text
    assert "initialised twice" in explored.out
    assert "●  " in explored.out
    token = TOKEN.findall(explored.out)[0]
    assert decode(token).variant == "racing"
    assert f"harness replay {token} --scenario {FILE}" in explored.out

    replayed = run(first_use, server_dsn, "replay", token, "--scenario", str(FILE))

    assert replayed.code == 1, replayed.text
    assert "arrive GET /notes" in replayed.out
    assert "1 of 1 schedule shows a finding again" in replayed.out


def test_the_near_twin_passes_and_the_report_says_what_was_explored(
    first_use: Project, server_dsn: str
) -> None:
    explored = run(first_use, server_dsn, "races", TWO, "--schedules", "6")

    assert explored.code == 0, explored.text
    written = report(first_use)
    (one,) = written["explored"]
    assert (one["scenario"], one["schedules"]) == ("two_at_once", 6)
    assert one["choices"] > 1
    shown = run(first_use, server_dsn, "report")
    assert "EXPLORED" in shown.out
    assert "two_at_once" in shown.out


def test_a_schedule_of_the_near_twin_that_shows_nothing_ends_with_0_and_a_tape_that_does_not_fit_with_4(  # noqa: E501
    first_use: Project, server_dsn: str
) -> None:
    inputs = {"cast": [0, 1], "reads": 0, "skipped": []}
    quiet = Token("two_at_once", "", 0, inputs)
    tape = (Deviation(Key("request 9", 0), Key("request 1", 0)),)
    strange = Token("two_at_once", "", 0, inputs, tape)

    again = run(first_use, server_dsn, "replay", encode(quiet), "--scenario", str(FILE))
    other = run(
        first_use, server_dsn, "replay", encode(strange), "--scenario", str(FILE)
    )

    assert again.code == 0, again.text
    assert "0 of 1 schedule show a finding again" in again.out
    assert other.code == 4, other.text
    assert "met nothing that they fit" in other.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["races", "cold_stampde"], "Did you mean 'cold_stampede'?"),
        (["races", "nowhere.py"], "There is no file nowhere.py"),
        (["replay", "r1.abc"], "This is no replay token"),
        (["replay", encode(Token("gone", "", 0, {"cast": [0, 1]}))], "'gone'"),
        (["replay", encode(Token("cold_stampede", "", 0, {}))], "inputs are no cast"),
    ],
)
def test_what_nobody_knows_ends_with_2_before_anything_is_started(
    first_use: Project, arguments: list[str], says: str
) -> None:
    ended = first_use.run(*arguments, variables={"PYTHONPATH": str(ROOT)})

    assert ended.code == 2
    assert says in ended.err
    assert "postgres" not in ended.err.replace("--postgres", "")
