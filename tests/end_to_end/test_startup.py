"""`harness startup` on a small app: what it measures, finds and refuses."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import PYPROJECT, Ended, Project, Room, wait_until
from tests.end_to_end.stall import APP, TARGET

TENANTS = ("--tenants", "3", "--trials", "1")


@pytest.fixture
def stall(tmp_path: Path) -> Project:
    """The stall as a user's project."""
    (tmp_path / "stall.py").write_text(APP)
    (tmp_path / "target.py").write_text(TARGET)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    return Project(tmp_path)


def start(stall: Project, strategy: str, *more: str) -> Ended:
    return stall.run("startup", *TENANTS, "--strategy", strategy, *more)


def report(stall: Project) -> dict[str, Any]:
    (path,) = (stall.path / ".harness" / "runs").glob("*/report.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_an_app_that_starts_well_passes_with_a_table_of_its_starts(
    stall: Project,
) -> None:
    ended = stall.run(
        *("startup", "--tenants", "3,5", "--trials", "2"),
        *("--strategy", "eager", "--strategy", "lazy"),
        *("--budget", "ready=1min,connections=8", "--junit", "junit.xml"),
    )

    assert ended.code == 0, ended.text
    rows = [line.split() for line in ended.out.splitlines()]
    shown = [row[:2] for row in rows if row and row[0] in {"eager", "lazy"}]
    assert shown == [["eager", "3"], ["lazy", "3"], ["eager", "5"], ["lazy", "5"]]
    figures = {
        (one["name"], one["labels"].get("strategy"), one["labels"].get("tenants")): one
        for one in report(stall)["measurements"]
    }
    eager, lazy = (
        {
            name: figures[name, strategy, "5"]["value"]
            for name in ("imported", "started", "listening", "ready", "served")
        }
        for strategy in ("eager", "lazy")
    )
    for phases in (eager, lazy):
        assert min(phases.values()) > 0
        assert list(phases.values()) == sorted(phases.values())
    assert figures["connections", "eager", "5"]["value"] >= 5
    assert figures["connections_left", "eager", "5"]["value"] == 0
    assert figures["trials", "lazy", "3"]["value"] == 2
    assert 'testsuite name="harness startup"' in (stall.path / "junit.xml").read_text()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("twice", "was initialised twice in one process by open_stall"),
        ("leaves-connections", "A connection to Postgres was left open"),
        ("skips", "was not served after the start"),
    ],
)
def test_a_start_that_goes_wrong_is_named_and_ends_with_1(
    stall: Project, fault: str, says: str
) -> None:
    if fault == "skips":
        stall.edit("target.py", "startup_timeout=60.0", "startup_timeout=5.0")

    ended = start(stall, fault)

    assert ended.code == 1, ended.text
    assert says in ended.out
    if fault == "leaves-connections":
        assert "connection opened at stall.py:" in ended.out


def test_a_budget_below_the_measured_time_ends_with_1_and_is_shown_beside_it(
    stall: Project,
) -> None:
    ended = start(stall, "eager", "--budget", "ready=1ms", "--budget", "memory=4GB")

    assert ended.code == 1, ended.text
    assert "over budget: ready " in ended.out
    assert "ms > 1 ms (strategy eager, tenants 3)" in ended.out
    assert "memory" not in "".join(report(stall)["verdict"]["reasons"])


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("dies", "ended with exit status 7 while it started"),
        ("hangs", "was not ready within 5 s"),
        ("never-ready", "GET /ready ended with status 503"),
    ],
)
def test_an_app_that_does_not_come_up_ends_with_3_and_says_why(
    stall: Project, fault: str, line: str
) -> None:
    if fault != "dies":
        stall.edit("target.py", "startup_timeout=60.0", "startup_timeout=5.0")

    ended = start(stall, fault)

    assert ended.code == 3, ended.text
    assert line in ended.err
    if fault != "never-ready":
        assert "the licence server" in ended.err


def test_more_connections_than_there_are_are_refused_before_anything_starts(
    stall: Project,
) -> None:
    ended = stall.run("startup", "--tenants", "3,9000", "--strategy", "eager")

    assert ended.code == 2, ended.text
    sums = "1 worker \N{MULTIPLICATION SIGN} (9000 tenants \N{MULTIPLICATION SIGN} 1"
    assert f"{sums} + 1 shared) + 0 reserve = 9001 > " in ended.err
    assert "max_connections" in ended.err
    assert "provision" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--strategy", "eagre"), "Did you mean 'eager'?"),
        (("--budget", "redy=2s"), "the nearest is ready"),
        (("--budget", "ready=2MB"), "Write it as ready=2s"),
        (("--budget", "ready"), "no budget"),
        (("--tenants", "many"), "--tenants"),
        (("--tenants", "1"), "greater than or equal to 2"),
    ],
)
def test_a_mistyped_call_is_a_usage_error(
    stall: Project, arguments: tuple[str, ...], line: str
) -> None:
    ended = stall.run("startup", *arguments)

    assert ended.code == 2, ended.text
    assert line in ended.err


def test_an_app_that_keeps_its_tenants_in_memory_cannot_be_started_again(
    project: Project,
) -> None:
    ended = project.run("startup")

    assert ended.code == 2, ended.text
    assert "started again and again" in ended.err


def test_an_initialiser_that_is_never_called_leaves_the_run_inconclusive(
    stall: Project,
) -> None:
    stall.edit("target.py", '"stall:open_stall"', '"stall:App.live"')
    stall.edit("target.py", 'tenant="slug"', 'tenant="receive"')

    ended = start(stall, "eager")

    assert ended.code == 4, ended.text
    assert "initialiser stall:App.live" in ended.out


@pytest.mark.parametrize(
    ("fault", "channel", "reason"),
    [
        ("blank", "body", "no tenant saw a planted value of its own in an answer"),
        ("mute", "log", "the beacon sent to the app's log did not come out"),
    ],
)
def test_a_start_of_which_answers_or_log_show_nothing_is_inconclusive(
    stall: Project, fault: str, channel: str, reason: str
) -> None:
    ended = start(stall, fault)

    assert ended.code == 4, ended.text
    assert reason in ended.out
    assert f"channel {channel}" in ended.out
    others = {"body": "log", "log": "body"}[channel]
    assert f"watched: {others} ·" in ended.out
    need_not = start(stall, fault, "--floor-channels", others)
    assert need_not.code == 0, need_not.text


def test_the_log_of_an_app_that_never_logs_is_watched_all_the_same(
    stall: Project,
) -> None:
    stall.edit("stall.py", 'logger.info("asked by %s", slug)', "pass")

    ended = start(stall, "eager")

    assert ended.code == 0, ended.text
    assert "watched: body, log ·" in ended.out


def test_ctrl_c_amid_a_start_leaves_nothing(stall: Project, room: Room) -> None:
    process = subprocess.Popen(
        stall.command("startup", *TENANTS, "--strategy", "hangs"),
        cwd=stall.path,
        env=stall.environment(TMPDIR=str(room.path)),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("start 3 tenants"):
            break
    assert wait_until(lambda: bool(_children(process.pid)))
    children = _children(process.pid)
    process.send_signal(signal.SIGINT)

    _, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert not room.servers()
    assert not room.runs()
    assert wait_until(
        lambda: not any(Path(f"/proc/{one}").exists() for one in children)
    )


def _children(pid: int) -> set[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return {int(one) for one in path.read_text().split()}
