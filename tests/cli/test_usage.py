from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_help_names_every_verb_and_the_exit_codes(run: Run) -> None:
    done = run("--help")

    assert done.returncode == 0
    for verb in ("isolation", "races", "mutants", "replay", "report", "doctor"):
        assert f"\n  {verb} " in done.stdout
    assert "130 interrupted" in done.stdout


def test_help_loads_nothing_that_takes_long(environ: dict[str, str]) -> None:
    code = (
        "import sys, harness.cli.app\n"
        "heavy = {'asyncpg', 'hypothesis', 'pydantic', 'rich', 'schemathesis'}\n"
        "sys.exit(' '.join(heavy & sys.modules.keys()) or 0)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["isolaton"], "Did you mean 'isolation'?"),
        (["isolation", "--sed", "1"], "--seed"),
        (["isolation", "--seed", "x"], "--seed"),
        (["races", "--schedules", "0"], "--schedules is 0"),
        (["replay"], "RUN"),
        (["report", "--format", "pdf"], "--format"),
        (["isolation", "--fail-on", "everything"], "--fail-on is 'everything'"),
        (["isolation", "--no-sweep", "--no-machine"], "both off"),
        (["isolation", "--hosting", "cloud"], "--hosting is 'cloud'"),
        (["mutants", "--tenants", "1"], "--tenants is 1"),
        (["replay", "gone"], "There is no run 'gone'"),
        (["report", "gone"], "There is no run 'gone'"),
        (["report"], "There is no run in .harness/runs yet"),
    ],
)
def test_a_mistaken_call_ends_with_2_and_says_what_is_wrong(
    run: Run, arguments: list[str], says: str
) -> None:
    done = run(*arguments)

    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_mistyped_variable_ends_with_2_and_names_the_nearest(run: Run) -> None:
    done = run("isolation", HARNESS_TENANT="3")

    assert done.returncode == 2
    assert "error: The variable HARNESS_TENANT is not a setting" in done.stderr
    assert "HARNESS_TENANTS" in done.stderr


def test_a_mistyped_key_ends_with_2_and_names_the_file(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.harness]\nworker = 2\n")

    done = run("mutants")

    assert done.returncode == 2
    assert f"worker in [tool.harness] of {tmp_path}/pyproject.toml" in done.stderr
    assert "the nearest one is workers" in done.stderr
