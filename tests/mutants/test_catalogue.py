"""The catalogue lists each mutant once, and each can be made by its import string."""

from __future__ import annotations

from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from reference_app import main, mutants
from reference_app.mutants.catalogue import (
    CHANNELS,
    FURTHER,
    MUTANTS,
    RACES,
    STARTUP,
    Mutant,
)
from reference_app.parts import Parts

ALL = (*MUTANTS, *FURTHER, *CHANNELS, *STARTUP, *RACES)


def test_names_and_apps_are_listed_once() -> None:
    assert len({one.name for one in ALL}) == len(ALL)
    assert len({one.app for one in ALL}) == len(ALL)


def test_every_file_is_listed() -> None:
    root = Path(mutants.__file__).parent
    files = {
        path.relative_to(root.parent.parent).with_suffix("")
        for path in root.rglob("*.py")
        if path.name not in {"__init__.py", "catalogue.py", "mutant.py"}
    }

    listed = {one.app.partition(":")[0].replace(".", "/") for one in ALL}

    assert {path.as_posix() for path in files} == listed


def test_what_is_harmless_is_where_the_harmless_ones_are() -> None:
    assert {one.name for one in ALL if one.harmless} == {
        one.name for one in ALL if ".equivalents." in one.app
    }


def test_the_page_tells_of_each_race() -> None:
    page = (Path(mutants.__file__).parents[2] / "docs/reference-app.md").read_text()
    rows = [
        line.split("|")[1:3] for line in page.splitlines() if line.startswith("| `")
    ]
    told = {name.strip(" `"): summary.strip() for name, summary in rows}

    assert {one.name: one.summary for one in RACES}.items() <= told.items()


@pytest.mark.parametrize("mutant", ALL, ids=lambda one: one.name)
def test_each_replaces_exactly_one_part(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, Any]] = []
    create_app = main.create_app

    def listen(**arguments: Any) -> FastAPI:
        given.append(arguments)
        return create_app(**arguments)

    monkeypatch.setattr(main, "create_app", listen)
    monkeypatch.setenv("REFERENCE_APP_DSN", "postgresql://nowhere/none")
    for name, value in mutant.environment.items():
        monkeypatch.setenv(name, value)
    module, _, factory = mutant.app.partition(":")

    app = getattr(import_module(module), factory)()

    assert isinstance(app, FastAPI)
    assert [list(arguments) for arguments in given] == [["parts"]]
    parts, defaults = given[0]["parts"], Parts()
    replaced = [
        field.name
        for field in fields(Parts)
        if getattr(parts, field.name) != getattr(defaults, field.name)
    ]
    assert len(replaced) == 1
