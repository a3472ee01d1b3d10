"""The code in the documents works as it stands."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from harness import Target
from harness.exploring.scenario import Scenario
from harness.settings import load_settings
from tests.docs.markdown import DOCS, README, ROOT, blocks
from tests.end_to_end.conftest import Project

TEACHING = [README, DOCS / "writing-a-target.md"]
LONGEST_ADAPTER = 20
APP = ROOT / "tests" / "targets" / "header_app"


def code_lines(source: str) -> list[str]:
    return [line for line in source.splitlines() if line.strip()]


@pytest.mark.parametrize("document", TEACHING, ids=lambda path: path.name)
def test_each_piece_of_python_runs_after_those_before_it_and_makes_targets(
    document: Path,
) -> None:
    names: dict[str, Any] = {}
    made = 0

    for number, source in enumerate(blocks(document, "python"), start=1):
        before = names.get("target")
        exec(compile(source, f"{document.name}, piece {number}", "exec"), names)
        if "\ntarget = " in source:
            made += 1
            assert isinstance(names["target"], Target), source
            assert names["target"] is not before, source

    assert made


def test_the_python_of_the_page_on_the_reference_app_runs() -> None:
    document = DOCS / "reference-app.md"
    names: dict[str, Any] = {"__name__": "page"}

    for number, source in enumerate(blocks(document, "python"), start=1):
        exec(compile(source, f"{document.name}, piece {number}", "exec"), names)

    assert names["events"] == ["open acme", "close acme"]


def test_the_python_of_the_page_on_races_makes_scenarios_and_a_test() -> None:
    names: dict[str, Any] = {}

    for number, source in enumerate(blocks(DOCS / "races.md", "python"), start=1):
        exec(compile(source, f"races.md, piece {number}", "exec"), names)

    made = [one.name for one in names.values() if isinstance(one, Scenario)]
    assert made == ["first_of_two", "one_fails"]
    assert callable(names["test_first_use"])


def test_the_readme_has_one_adapter_of_at_most_twenty_lines() -> None:
    (adapter,) = blocks(README, "python")

    assert len(code_lines(adapter)) <= LONGEST_ADAPTER


@pytest.mark.parametrize("document", TEACHING, ids=lambda path: path.name)
def test_each_piece_of_toml_is_read_as_settings(document: Path, tmp_path: Path) -> None:
    pieces = blocks(document, "toml")

    for piece in pieces:
        (tmp_path / "pyproject.toml").write_text(piece)
        loaded = load_settings({}, cwd=tmp_path, environ={})
        for name in tomllib.loads(piece)["tool"]["harness"]:
            assert name in loaded.origins

    assert pieces


def test_the_adapter_of_the_readme_works_on_an_app_of_its_kind(tmp_path: Path) -> None:
    (adapter,) = blocks(README, "python")
    (settings,) = blocks(README, "toml")
    shutil.copytree(
        APP, tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__")
    )
    for file in (tmp_path / "shop").glob("*.py"):
        source = file.read_text().replace("tests.targets.header_app", "shop")
        file.write_text(source)
    (tmp_path / "isolation_target.py").write_text(adapter)
    (tmp_path / "pyproject.toml").write_text(f'{settings}postgres = "embedded"\n')

    ended = Project(tmp_path).run("isolation", "--no-machine", "--together", "3")

    assert ended.code == 0, ended.text
    (report,) = tmp_path.glob(".harness/runs/*/report.json")
    coverage = json.loads(report.read_text())["coverage"]
    assert len(coverage["covered"]) == coverage["operations_required"] > 10
