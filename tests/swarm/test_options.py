"""Locust's options keep their spelling, and a scenario is found by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.swarm.locust_options import (
    given,
    locust_command,
    meeting_place,
    processes,
    seconds,
    value,
)
from harness.swarm.scenario import find_scenario, scenarios

STEADY = find_scenario("steady")


def command(*options: str, tenants: int = 20, **environ: str) -> list[str]:
    return list(locust_command(STEADY, options, tenants=tenants, environ=environ))


def after(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


def test_two_users_per_tenant_come_within_a_second_for_half_a_minute() -> None:
    words = command()

    assert after(words, "--users") == "40"
    assert after(words, "--spawn-rate") == "40"
    assert after(words, "--run-time") == "30s"
    assert after(words, "--exit-code-on-error") == "0"
    assert "--headless" in words


@pytest.mark.parametrize(
    ("option", "ours"),
    [
        (("-u", "7"), "--users"),
        (("-u7",), "--users"),
        (("--users=7",), "--users"),
        (("-r", "2"), "--spawn-rate"),
        (("-t", "5m"), "--run-time"),
        (("--run-time", "5m"), "--run-time"),
    ],
)
def test_what_the_user_says_stands_alone(option: tuple[str, ...], ours: str) -> None:
    words = command(*option)

    assert words[-len(option) :] == list(option)
    assert ours not in words[: -len(option)]


def test_variables_of_locust_count_as_said() -> None:
    words = command(LOCUST_USERS="9", LOCUST_RUN_TIME="2m")

    assert "--users" not in words
    assert "--run-time" not in words
    assert after(words, "--spawn-rate") == "9"


def test_further_options_are_handed_on_unchanged() -> None:
    further = ("--mix", "zipf", "--html", "a b.html", "-L", "DEBUG", "--tags", "x")

    assert tuple(command(*further)[-len(further) :]) == further


@pytest.mark.parametrize(
    "option", ["-f", "--host=http://x", "-Hhttp://x", "--master", "--worker"]
)
def test_what_is_the_runs_to_say_is_refused(option: str) -> None:
    with pytest.raises(UsageError, match="cannot be used here"):
        command(option)


def test_an_option_is_known_by_its_name_and_not_by_its_beginning() -> None:
    assert not given(("--hosted", "--users-x"), "--host", "--users")
    assert given(("--host=x",), "--host")
    assert value(("-u",), "-u") == ""


@pytest.mark.parametrize(
    ("told", "expected"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("45", 45), ("soon", 0), ("", 30)],
)
def test_the_run_time_is_read_as_locust_reads_it(told: str, expected: float) -> None:
    options = ("-t", told) if told else ()

    assert seconds(options, {}) == expected


def test_the_number_of_workers_is_read() -> None:
    assert processes(("--processes", "3")) == 3
    assert processes(("--processes=2",)) == 2
    assert processes(()) == processes(("--processes", "-1")) == 1


def test_the_scenarios_that_come_along_are_found_by_name() -> None:
    assert scenarios() == ["cold_start", "steady"]
    assert not STEADY.cold
    assert find_scenario("cold_start").cold
    assert find_scenario("steady", cold=True).cold


def test_a_locustfile_of_ones_own_is_found_by_its_path(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("")

    found = find_scenario(str(mine))

    assert (found.name, found.path, found.cold) == ("mine", mine, False)


@pytest.mark.parametrize("name", ["stready", "no/such/file.py"])
def test_an_unknown_scenario_is_a_mistake_of_the_call(name: str) -> None:
    with pytest.raises(UsageError, match="no "):
        find_scenario(name)


def test_workers_of_two_swarms_on_a_machine_have_masters_of_their_own() -> None:
    several = ("locust", "--processes", "2")
    first, second = (meeting_place(several, environ={}) for _ in range(2))

    for words in (list(first), list(second)):
        assert after(words, "--master-port") == after(words, "--master-bind-port")
        assert after(words, "--master-host") == "127.0.0.1"
        assert after(words, "--master-bind-host") == "127.0.0.1"
    assert after(list(first), "--master-port") != "5557"
    assert meeting_place(("locust",), environ={"LOCUST_PROCESSES": "2"})


def test_no_place_is_named_where_the_user_names_one_or_nobody_meets() -> None:
    assert not meeting_place(("locust", "-u", "4"), environ={})
    chosen = ("locust", "--processes=2", "--master-bind-port", "5600")
    assert not meeting_place(chosen, environ={})
