"""The harness on whole apps: what is wrong with one is named, its twin stays silent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LIMIT = 300


def run(target: str, runs: Path, *, together: int) -> tuple[int, dict[str, Any], str]:
    """Sweep a target; return the exit code, the report and what was shown."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HARNESS_")}
    command = [
        sys.executable,
        "-m",
        "harness",
        "isolation",
        "--no-machine",
        f"--together={together}",
    ]
    done = subprocess.run(
        [*command, "--target", target, "--runs", str(runs), "--postgres", "embedded"],
        cwd=ROOT,
        env={**kept, "CI": "1"},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    reports = list(runs.glob("*/report.json"))
    report = json.loads(reports[0].read_text()) if reports else {}
    return done.returncode, report, done.stdout + done.stderr


def test_what_is_wrong_with_the_tutorial_app_is_named(tmp_path: Path) -> None:
    code, report, shown = run("tests.targets.tutorial:target", tmp_path, together=0)

    assert code == 1, shown
    named = {(one["oracle"], one["shape"]) for one in report["findings"]}
    assert ("access", "mixed") in named, "A's token works on B's host"
    assert ("label", "missing") in named, "log lines say unknown"
    tenants = report["tenants"]
    hostile = {tenant for tenant, name in tenants.items() if "," in name}
    receivers = {one["receiver"] for one in report["findings"]}
    assert receivers & {ord(tenant) - ord("A") for tenant in hostile}
    assert all(one["script"] for one in report["findings"] if one["oracle"] == "access")


@pytest.mark.parametrize("target", ["careful", "header"])
def test_an_app_that_does_it_right_passes(target: str, tmp_path: Path) -> None:
    code, report, shown = run(f"tests.targets.{target}:target", tmp_path, together=6)

    assert code == 0, shown
    assert not report["findings"]
    assert report["coverage"]["probes"] > 100
