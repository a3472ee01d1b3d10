"""What ends a run: one clear line, the right exit code, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Project, Room, wait_until

QUICK = ("isolation", "--no-machine")


@pytest.mark.parametrize(
    ("fault", "code", "line"),
    [
        ("import raises", 3, "no licence found"),
        ("lifespan raises", 3, "cache is out of reach"),
        ("lifespan hangs", 3, "2 s"),
        ("broken document", 2, "#/components/responses/Nowhere"),
    ],
)
def test_an_app_that_cannot_be_used_is_named_with_its_reason(
    project: Project, fault: str, code: int, line: str
) -> None:
    if fault == "lifespan hangs":
        project.edit("target.py", "startup_timeout=60.0", "startup_timeout=2.0")

    ended = project.run(*QUICK, fault=fault)

    assert ended.code == code, ended.text
    assert line in ended.err
    assert "Traceback (most recent call last)" not in ended.err.split(line)[0]


@pytest.mark.parametrize(
    ("arguments", "variables", "line"),
    [
        (("--target", "nowhere:target"), {}, "no module 'nowhere'"),
        (("--target", "target:tarket"), {}, "Did you mean 'target'?"),
        ((), {"HARNESS_SEEED": "1"}, "HARNESS_SEED"),
        ((), {"HARNESS_SEED": "many"}, "HARNESS_SEED"),
        (("--variant", "x"), {}, "no variant 'x'"),
    ],
)
def test_a_mistyped_call_is_a_usage_error_that_names_the_nearest(
    project: Project, arguments: tuple[str, ...], variables: dict[str, str], line: str
) -> None:
    ended = project.run(*QUICK, *arguments, variables=variables)

    assert ended.code == 2, ended.text
    assert line in ended.err


def test_an_app_string_that_points_to_nothing_is_a_usage_error(
    project: Project,
) -> None:
    project.edit("target.py", "shop:app", "shop:ap")

    ended = project.run(*QUICK)

    assert ended.code == 2, ended.text
    assert "Did you mean 'app'?" in ended.err


def test_a_mistyped_key_in_pyproject_names_the_nearest(project: Project) -> None:
    project.edit("pyproject.toml", "postgres =", "postgras =")

    ended = project.run(*QUICK)

    assert ended.code == 2, ended.text
    assert "postgres" in ended.err


def test_few_files_end_with_a_line_about_the_limit(project: Project) -> None:
    ended = project.run(*QUICK, wrapper=("bash", "-c", 'ulimit -n 24; exec "$@"', "-"))

    assert ended.code == 3, ended.text
    assert "ulimit -n" in ended.err


def test_256_files_are_enough(project: Project) -> None:
    ended = project.run(*QUICK, wrapper=("bash", "-c", 'ulimit -n 256; exec "$@"', "-"))

    assert ended.code == 0, ended.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_ends_with_a_line_that_names_the_directory(
    project: Project, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)]
    subprocess.run(mount, check=True)
    try:
        ended = project.run(*QUICK, "--runs", str(disk / "runs"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)

    assert ended.code == 3, ended.text
    assert f"{disk}" in ended.err
    assert "is full" in ended.err


def test_a_port_in_use_is_named(project: Project, taken_port: int) -> None:
    ended = project.run(*QUICK, "--hosting", "served", "--port", str(taken_port))

    assert ended.code == 3, ended.text
    assert str(taken_port) in ended.err


def _started(project: Project, room: Room) -> subprocess.Popen[str]:
    """Start a run that lasts, and wait until it drives the app."""
    process = subprocess.Popen(
        project.command("isolation", "--examples", "1000"),
        cwd=project.path,
        env=project.environment("slow", TMPDIR=str(room.path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("sweep"):
            break
    return process


def test_postgres_killed_in_mid_run_is_an_environment_failure(
    project: Project, room: Room
) -> None:
    process = _started(project, room)
    for server in room.servers():
        os.kill(server, signal.SIGKILL)

    _, err = process.communicate(timeout=60)

    assert process.returncode == 3, err
    assert "Postgres" in err
    assert wait_until(lambda: not room.servers())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_with_130_and_leaves_nothing(
    project: Project, room: Room, number: signal.Signals
) -> None:
    process = _started(project, room)
    process.send_signal(number)

    _, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert not room.servers()
    assert not room.runs()


def test_a_killed_harness_leaves_no_process_and_the_next_start_sweeps_its_directory(
    project: Project, room: Room
) -> None:
    process = _started(project, room)
    process.kill()
    process.communicate(timeout=60)

    assert wait_until(lambda: not room.servers())
    left = set(room.runs())
    assert left
    ended = project.run(*QUICK, variables={"TMPDIR": str(room.path)})
    assert ended.code == 0, ended.text
    assert not left & set(room.runs())
    assert not room.runs()
