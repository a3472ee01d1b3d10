"""What a run says of an app: pass, fail, or not enough seen; never a vacuous pass."""

from __future__ import annotations

import json

import pytest

from tests.end_to_end.conftest import Project

QUICK = ("isolation", "--no-machine")


def test_a_correct_app_passes_and_the_report_says_what_was_seen(
    project: Project,
) -> None:
    ended = project.run(*QUICK)

    assert ended.code == 0, ended.text
    assert "PASS" in ended.out
    (report,) = project.path.glob(".harness/runs/*/report.json")
    written = json.loads(report.read_text())
    assert written["verdict"]["outcome"] == "pass"
    assert len(written["coverage"]["covered"]) == 5
    assert written["coverage"]["probes"] > 0


def test_a_leak_fails_is_named_and_replays(project: Project) -> None:
    ended = project.run(*QUICK, fault="any token")

    assert ended.code == 1, ended.text
    assert "B's credential with A selected" in ended.out
    (report,) = project.path.glob(".harness/runs/*/report.json")
    finding = json.loads(report.read_text())["findings"][0]
    assert finding["operation"]
    assert {finding["owner"], finding["receiver"]} == {0, 1}
    assert finding["channel"] == "body"
    run = report.parent.name
    again = project.run("replay", run, finding["fingerprint"], fault="any token")
    assert again.code == 1, again.text
    mended = project.run("replay", run, finding["fingerprint"])
    assert mended.code == 0, mended.text


def test_the_state_machine_alone_finds_the_leak(project: Project) -> None:
    ended = project.run("isolation", "--no-sweep", fault="any token")

    assert ended.code == 1, ended.text
    (report,) = project.path.glob(".harness/runs/*/report.json")
    scripts = [f["script"] for f in json.loads(report.read_text())["findings"]]
    assert any(0 < len(script) <= 3 for script in scripts)


@pytest.mark.parametrize(
    ("fault", "step"),
    [
        ("nothing to seed", "no tenant saw a planted value of its own"),
        ("logs nothing", "the beacon sent to the app's log did not come out"),
        ("canary dropped", "no tenant saw a planted value of its own"),
        ("second tenant cannot log in", "Could not log in tenant B"),
    ],
)
def test_a_run_that_could_not_see_is_inconclusive_and_says_why(
    project: Project, fault: str, step: str
) -> None:
    ended = project.run(*QUICK, fault=fault)

    assert ended.code == 4, ended.text
    assert step in " ".join(ended.text.split())


def test_an_app_that_runs_elsewhere_is_inconclusive_unless_told_that_logs_are_out(
    project: Project, served_shop: str
) -> None:
    project.edit("target.py", 'app="shop:app"', f'url="{served_shop}"')

    strict = project.run(*QUICK)
    told = project.run(*QUICK, "--floor-channels", "body")

    assert strict.code == 4, strict.text
    assert "channel log" in strict.text
    assert told.code == 0, told.text
