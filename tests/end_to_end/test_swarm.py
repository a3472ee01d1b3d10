"""`harness swarm` on a small app: its exit codes, and that nothing is left running."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import PYPROJECT, Project, Room, wait_until
from tests.end_to_end.stall import APP, TARGET

ROOT = Path(__file__).parents[2]
LOCUSTFILES = ROOT / "tests" / "swarm" / "locustfiles"
BUSY = str(LOCUSTFILES / "busy.py")
LISTENING = str(LOCUSTFILES / "listening.py")
ENDLESS = "10m"
SMALL = ("--tenants", "3", "-u", "3", "-t", "1s")


@pytest.fixture
def stall(tmp_path: Path) -> Project:
    """The stall, which has a database."""
    (tmp_path / "stall.py").write_text(APP)
    (tmp_path / "target.py").write_text(TARGET)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    return Project(tmp_path)


def swarm(scenario: str, *more: str, users: int = 9, time: str = "6s") -> list[str]:
    tenants = ("--tenants", "3")
    return ["swarm", scenario, *tenants, "-u", f"{users}", "-t", time, *more]


def report(runs: Path) -> dict[str, Any]:
    (path,) = runs.glob("*/report.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@dataclass(frozen=True, slots=True)
class Swarming:
    """A swarm that goes on until something ends it."""

    process: subprocess.Popen[str]
    runs: Path
    room: Room

    def requests(self) -> int:
        """How many requests its users have made, as far as they told."""
        return sum(int(beat["requests"]) for beat in self.beats())

    def beats(self) -> list[Mapping[str, Any]]:
        """Return the last sign of life of each worker."""
        last: dict[str, Mapping[str, Any]] = {}
        for path in self.runs.glob("*/worker-*.ndjson"):
            for line in path.read_text().splitlines(keepends=True):
                if '"kind": "beat"' in line and line.endswith("\n"):
                    last[path.name] = json.loads(line)
        return list(last.values())

    def processes(self, *parts: str) -> list[int]:
        """Return its processes whose command line has all the parts."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self.room.path.name.encode() in (process / "environ").read_bytes():
                    command = (process / "cmdline").read_bytes().decode()
                    # An empty one is what is left of a process that has ended.
                    if command and all(part in command for part in parts):
                        found.append(int(process.name))
        return found

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and all that was said."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out + err

    def is_clean(self) -> bool:
        """Whether nothing is left: no process, no server's directory."""
        return not (self.processes() or self.room.servers() or self.room.runs())


@contextlib.contextmanager
def swarming(project: Project, room: Room, *arguments: str) -> Iterator[Swarming]:
    """Start a swarm, and wait until its users were answered."""
    process = subprocess.Popen(
        project.command(*arguments),
        cwd=project.path,
        env=project.environment(TMPDIR=str(room.path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    running = Swarming(process, project.path / ".harness" / "runs", room)
    try:
        wait_until(lambda: running.requests() > 0 or process.poll() is not None)
        yield running
    finally:
        process.kill()
        process.communicate(timeout=60)


def test_an_app_that_keeps_tenants_apart_passes_with_a_table_of_them(
    project: Project,
) -> None:
    ended = project.run(*swarm(BUSY, "--budget", "p50=5s", "--junit", "junit.xml"))

    assert ended.code == 0, ended.text
    rows = [line.split() for line in ended.out.splitlines()]
    assert {row[0] for row in rows if row and row[0] in {"A", "B", "C"}} == {*"ABC"}
    assert any(row[:2] == ["GET", "/notes"] for row in rows)
    figures = {
        (one["name"], one["labels"].get("tenant", "")): one["value"]
        for one in report(project.path / ".harness" / "runs")["measurements"]
        if "operation" not in one["labels"]
    }
    assert figures["requests", ""] >= 100
    assert figures["failed", ""] == 0
    assert all(figures["p50", tenant] > 0 for tenant in ("", "A", "B", "C"))
    assert 'testsuite name="harness swarm"' in (project.path / "junit.xml").read_text()


@pytest.mark.parametrize(("required", "code"), [("body,log", 4), ("body", 0)])
def test_a_swarm_whose_log_cannot_be_watched_is_inconclusive_unless_it_need_not(
    project: Project, required: str, code: int
) -> None:
    project.edit("shop.py", "logger.setLevel(logging.INFO)", "logging.disable()")

    ended = project.run(*swarm(BUSY, "--floor-channels", required))

    assert ended.code == code, ended.text
    assert "the beacon sent to the app's log did not come out" in ended.out


def test_a_budget_below_the_measured_latency_ends_with_1_and_names_the_tenant(
    project: Project,
) -> None:
    ended = project.run(*swarm(BUSY, "--budget", "p50=1us"))

    assert ended.code == 1, ended.text
    assert "over budget: p50 " in ended.out
    assert "(tenant A)" in ended.out


@pytest.mark.parametrize(
    ("fault", "identity"), [("any token", "mixed"), ("any user", "another door")]
)
def test_a_leak_ends_with_1_and_says_whose_data_came_out_where(
    project: Project, fault: str, identity: str
) -> None:
    ended = project.run(*swarm(BUSY, time=ENDLESS), fault=fault)

    assert ended.code == 1, ended.text
    finding = report(project.path / ".harness" / "runs")["findings"][0]
    assert finding["shape"] == identity
    assert finding["operation"].startswith("GET /notes")
    assert finding["channel"] == "body"
    assert finding["owner"] != finding["receiver"]
    assert f"{finding['operation']}\n" in ended.out
    assert "channel    body" in ended.out


@pytest.mark.parametrize(
    ("variant", "channels"),
    [
        # A foreign token opens what is read as a file just as well.
        ("foreign-token-accepted", {"body", "file"}),
        ("events-replayed", {"stream", "socket"}),
        ("webhooks-of-last", {"egress"}),
    ],
)
def test_a_seeded_bug_of_the_reference_app_ends_with_1(
    tmp_path: Path, project: Project, variant: str, channels: set[str]
) -> None:
    scenario = BUSY if "body" in channels else LISTENING
    done = subprocess.run(
        [
            *project.command(*swarm(scenario, time="60s")),
            *("--variant", variant, "--postgres", "embedded"),
            *("--runs", str(tmp_path / "runs")),
        ],
        cwd=ROOT,
        env=project.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    finding = report(tmp_path / "runs")["findings"][0]
    assert finding["channel"] in channels
    assert finding["operation"]
    assert finding["owner"] != finding["receiver"]
    assert "was lost" not in done.stdout


def test_the_second_swarm_begins_with_the_world_of_the_first(stall: Project) -> None:
    worlds: list[str] = []
    # Files that somebody changes meanwhile, of what is installed editable, count.
    while not worlds or (worlds[-1].startswith("made in") and len(worlds) < 4):
        stall.run("swarm", BUSY, *SMALL, "--cache", str(stall.path / "cache"))
        newest = max((stall.path / ".harness" / "runs").glob("*/report.json"))
        worlds.append(json.loads(newest.read_text())["environment"]["world"])

    assert worlds[0].startswith("made in")
    assert worlds[-1].startswith("from the snapshot")


@pytest.mark.parametrize(
    ("scenario", "more", "line"),
    [
        ("steadi", (), "There is no scenario 'steadi'"),
        ("mine.py", (), "There is no locustfile mine.py"),
        ("steady", ("--host", "http://example.com"), "--host cannot be used here"),
        ("steady", ("--bees", "7"), "--bees"),
        (str(LOCUSTFILES / "broken.py"), (), "nobody can load this"),
        ("cold_start", (), "starts the app, which it cannot here"),
    ],
    ids=["scenario", "path", "ours", "locusts", "import", "cold"],
)
def test_a_mistyped_call_is_a_usage_error(
    project: Project, scenario: str, more: tuple[str, ...], line: str
) -> None:
    ended = project.run(*swarm(scenario, *more))

    assert ended.code == 2, ended.text
    assert line in ended.err


def test_an_app_that_does_not_start_ends_with_3(project: Project) -> None:
    ended = project.run(*swarm(BUSY), fault="lifespan raises")

    assert ended.code == 3, ended.text
    assert "cache is out of reach" in ended.err


def test_an_app_that_is_killed_in_mid_swarm_ends_with_3_and_nothing_is_left(
    project: Project, room: Room
) -> None:
    with swarming(project, room, *swarm(BUSY, time=ENDLESS)) as running:
        (app,) = running.processes("harness.hosting.child")
        os.kill(app, signal.SIGKILL)
        code, text = running.end()

    assert code == 3, text
    assert "was ended by SIGKILL" in text
    assert wait_until(running.is_clean), running.processes()


def test_locust_that_is_killed_leaves_the_run_inconclusive_and_nothing_running(
    project: Project, room: Room
) -> None:
    with swarming(project, room, *swarm(BUSY, time=ENDLESS)) as running:
        (beat,) = running.beats()
        os.kill(int(beat["worker"].partition("-")[0]), signal.SIGKILL)
        code, text = running.end()

    assert code == 4, text
    assert "Locust was ended by signal 9" in text
    assert wait_until(running.is_clean), running.processes()


def test_a_worker_that_is_lost_leaves_the_run_inconclusive_and_nothing_running(
    project: Project, room: Room
) -> None:
    arguments = swarm(BUSY, "--processes", "2", time="8s")
    with swarming(project, room, *arguments) as running:
        assert wait_until(lambda: len(running.beats()) == 2)
        worker = running.beats()[0]["worker"]
        os.kill(int(worker.partition("-")[0]), signal.SIGKILL)
        code, text = running.end()

    assert code == 4, text
    assert "of Locust was lost" in text
    assert wait_until(running.is_clean), running.processes()


@pytest.mark.parametrize(
    ("scenario", "time", "line"),
    [
        ("steady", "1s", "requests succeeded, and 100 are needed"),
        (str(LOCUSTFILES / "burning.py"), "9s", "was the bottleneck itself"),
    ],
    ids=["samples", "saturated"],
)
def test_what_says_too_little_of_the_app_is_inconclusive(
    project: Project, scenario: str, time: str, line: str
) -> None:
    ended = project.run(*swarm(scenario, time=time))

    assert ended.code == 4, ended.text
    assert line in ended.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_swarm_ends_with_130_and_leaves_nothing(
    project: Project, room: Room, number: signal.Signals
) -> None:
    arguments = swarm(BUSY, "--processes", "2", time=ENDLESS)
    with swarming(project, room, *arguments) as running:
        running.process.send_signal(number)
        code, text = running.end()

    assert code == 130, text
    assert wait_until(running.is_clean), running.processes()
