"""A world has another key as soon as something that determines it is another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.run.order import Order
from harness.run.world_key import Wanted, world_key
from harness.settings import Settings
from harness.target.target import Target
from tests.provisioning.shops import shop


@pytest.fixture
def root(tmp_path: Path) -> Path:
    package = tmp_path / "myshop"
    (package / "migrations").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "main.py").write_text("app = 1")
    (package / "migrations" / "0001.sql").write_text("create table a ()")
    (tmp_path / "shop_target.py").write_text("target = 1")
    return tmp_path


def order(root: Path, **settings: object) -> Order:
    usual = {"target": "shop_target:target", "postgres": "embedded"}
    return Order(Settings.model_validate(usual | settings), "", root, print)


def target(**fields: object) -> Target:
    usual = {"app": "myshop.main:app", "environment": {"SHOP_DSN": "{dsn}"}}
    return shop(**usual | fields)


def key(root: Path) -> str:
    return world_key(target(), order(root), Wanted(10))


def test_the_same_makes_the_same_key_wherever_runs_are_kept(root: Path) -> None:
    other = order(root, runs="/elsewhere", hosting="served", dsn="postgresql://u:p@h/d")

    assert key(root) == world_key(target(), other, Wanted(10))


@pytest.mark.parametrize(
    "path", ["myshop/main.py", "myshop/migrations/0001.sql", "shop_target.py"]
)
def test_any_file_of_app_and_target_counts(root: Path, path: str) -> None:
    before = key(root)

    (root / path).write_text("changed")

    assert key(root) != before


@pytest.mark.parametrize("path", ["myshop/new.json", "myshop/migrations/0002.sql"])
def test_a_new_file_counts(root: Path, path: str) -> None:
    before = key(root)

    (root / path).touch()

    assert key(root) != before


@pytest.mark.parametrize("path", ["readme.txt", "myshop/__pycache__", "myshop/.cache"])
def test_what_is_no_source_of_theirs_does_not_count(root: Path, path: str) -> None:
    before = key(root)

    if path.endswith(".txt"):
        (root / path).write_text("changed")
    else:
        (root / path).mkdir()
        (root / path / "x.pyc").write_text("changed")

    assert key(root) == before


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(11),
        Wanted(10, 2),
        Wanted(10, 0),
        Wanted(10, logins=False),
        Wanted(10, requests=True),
    ],
)
def test_what_is_wanted_counts(root: Path, wanted: Wanted) -> None:
    assert world_key(target(), order(root), wanted) != key(root)


def test_the_seed_and_what_the_target_says_count(root: Path) -> None:
    keys = {
        key(root),
        world_key(target(), order(root, seed=1), Wanted(10)),
        world_key(target(environment={}), order(root), Wanted(10)),
        world_key(replace(target(), app="myshop.mutants:app"), order(root), Wanted(10)),
    }

    assert len(keys) == 4


def test_variables_akin_to_the_apps_count_and_others_do_not(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key(root)

    monkeypatch.setenv("UNRELATED", "x")
    assert key(root) == before
    monkeypatch.setenv("SHOP_STORAGE", "row_level_security")
    assert key(root) != before
