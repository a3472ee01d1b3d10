from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import checks
from harness.cli.checks import Status
from tests.cli.conftest import Run


def test_the_doctor_starts_the_embedded_server_and_says_ok(run: Run) -> None:
    done = run("doctor")

    lines = {line[6:20].strip(): line for line in done.stdout.splitlines()}
    assert done.returncode == 0, done.stdout
    assert lines["embedded"].startswith("ok    embedded        Postgres 1")
    assert "docker engine" in lines
    assert "cores" in lines


def test_the_doctor_ends_with_3_when_something_is_missing(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    def few_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))

    done = subprocess.run(
        [sys.executable, "-m", "harness", "doctor"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=few_files,
    )

    assert done.returncode == 3
    assert "fail  open files      at most 100" in done.stdout
    assert "`ulimit -n 4096`" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("limit", "status"),
    [
        (255, Status.FAIL),
        (256, Status.WARN),
        (1023, Status.WARN),
        (1024, Status.OK),
        (None, Status.OK),
    ],
)
def test_few_open_files_are_told_of(limit: int | None, status: Status) -> None:
    assert checks.open_files(limit).status is status


def test_one_core_is_told_of() -> None:
    assert checks.cores(1).status is Status.WARN
    assert checks.cores(2).status is Status.OK


def test_a_nearly_full_disk_is_told_of() -> None:
    found = [checks.disk(free).status for free in (10**8, 5 * 10**8, 10**10)]

    assert found == [Status.FAIL, Status.WARN, Status.OK]


def test_a_temporary_directory_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    assert checks.temporary_directory(tmp_path).status is Status.OK
    assert checks.temporary_directory(tmp_path / "gone").status is Status.FAIL


def test_plugins_that_run_coroutines_their_own_way_are_named() -> None:
    clash = checks.pytest_plugins(["pytest-asyncio", "pytest_tornado", "anyio"])

    assert clash.status is Status.WARN
    assert clash.fact == "pytest-tornado"
    assert "-p no:tornado" in clash.meaning
    assert checks.pytest_plugins(["pytest-asyncio", "anyio"]).status is Status.OK


def test_a_patched_standard_library_is_told_of() -> None:
    assert checks.gevent(patched=True).status is Status.FAIL
    assert checks.gevent(patched=False).status is Status.OK


def test_settings_that_cannot_be_read_are_told_of(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.harness]\nsed = 1\n")

    check = checks.settings(tmp_path)

    assert check.status is Status.FAIL
    assert "the nearest one is seed" in check.fact
