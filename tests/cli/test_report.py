from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import fromstring

from harness.reports.json import parse, render, render_schema
from tests.cli.conftest import Run
from tests.reports.results import HOSTILE, a_finding, a_result

RUN = a_result(a_finding())


def keep(runs: Path, *, name: str = "one", modified: int = 1) -> Path:
    directory = runs / name
    directory.mkdir(parents=True)
    report = directory / "report.json"
    report.write_bytes(render(replace(RUN, id=name)))
    os.utime(report, (modified, modified))
    return directory


def test_the_latest_run_is_shown_when_none_is_named(run: Run, tmp_path: Path) -> None:
    keep(tmp_path / ".harness/runs", name="newer", modified=20)
    keep(tmp_path / ".harness/runs", name="older", modified=10)
    (tmp_path / ".harness/runs/interrupted").mkdir()

    done = run("report")

    assert done.returncode == 0
    assert "harness replay .harness/runs/newer " in done.stdout
    assert done.stdout.splitlines()[-1].startswith("FAIL")


def test_a_run_is_found_by_directory_report_and_id(run: Run, tmp_path: Path) -> None:
    directory = keep(tmp_path / "out")

    shown = [
        run("report", "out/one", "--format", "json").stdout,
        run("report", str(directory / "report.json"), "--format", "json").stdout,
        run("report", "one", "--runs", "out", "--format", "json").stdout,
        run("report", "one", "--format", "json", HARNESS_RUNS="out").stdout,
    ]

    assert [parse(text.encode()).id for text in shown] == ["one"] * 4


def test_each_format_can_be_had_again(run: Run, tmp_path: Path) -> None:
    keep(tmp_path / ".harness/runs")

    as_json = run("report", "--format", "json").stdout
    as_junit = run("report", "--format", "junit").stdout

    assert parse(as_json.encode()) == replace(RUN, id="one")
    assert fromstring(as_junit).find("testsuite/testcase/failure") is not None


def test_all_findings_of_a_group_are_described_when_asked_for(
    run: Run, tmp_path: Path
) -> None:
    directory = keep(tmp_path / ".harness/runs")
    two = replace(RUN, findings=(a_finding(), a_finding("GET /documents")))
    (directory / "report.json").write_bytes(render(two))

    brief, full = run("report").stdout, run("report", "--full").stdout

    assert "FOUND  2 findings in 1 group\n" in brief
    assert (brief.count("harness replay"), full.count("harness replay")) == (1, 2)


def test_the_schema_is_published(run: Run) -> None:
    done = run("report", "--schema")

    assert done.stdout == render_schema()
    assert json.loads(done.stdout)["properties"]["version"] == {"const": 1}


def test_a_broken_report_ends_with_2_and_is_named(run: Run, tmp_path: Path) -> None:
    directory = keep(tmp_path / ".harness/runs")
    (directory / "report.json").write_text('{"version": 99}')

    done = run("report")

    assert done.returncode == 2
    assert "runs/one/report.json has version 99" in done.stderr


def test_a_run_without_a_report_ends_with_2(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".harness/runs/cut").mkdir(parents=True)

    done = run("report", "cut")

    assert done.returncode == 2
    assert "A run that was interrupted has no report" in done.stderr


def test_a_fingerprint_that_no_finding_has_ends_with_2(
    run: Run, tmp_path: Path
) -> None:
    keep(tmp_path / ".harness/runs")

    done = run("replay", "one", "ffffffffffff")

    assert done.returncode == 2
    assert a_finding().fingerprint in done.stderr


def test_a_terminal_without_unicode_gets_escapes(run: Run, tmp_path: Path) -> None:
    keep(tmp_path / ".harness/runs")

    done = run("report", PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert done.returncode == 0
    assert "\\xb7" in done.stdout
    assert HOSTILE not in done.stdout


def test_a_reader_that_goes_away_changes_nothing(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)

    done = subprocess.run(
        [sys.executable, "-m", "harness", "report", "--schema"],
        cwd=tmp_path,
        env=environ,
        stdout=write_end,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(write_end)

    assert (done.returncode, done.stderr) == (0, b"")
