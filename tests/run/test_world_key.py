"""A world has another key as soon as something that determines it is another."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import ResourceError
from harness.run.order import Order
from harness.run.project import digest_of_project
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


@pytest.mark.parametrize(
    "path",
    [
        "myshop/new.json",
        "myshop/migrations/0002.sql",
        "alembic/versions/0001.py",
        "myshop_db/__init__.py",
        ".env",
    ],
)
def test_a_new_file_counts(root: Path, path: str) -> None:
    before = key(root)

    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).touch()

    assert key(root) != before


@pytest.mark.parametrize("path", ["alembic/0001.sql", "shop_db/models.py"])
def test_files_beside_the_apps_package_count_by_what_is_in_them(
    root: Path, path: str
) -> None:
    (root / path).parent.mkdir()
    (root / path).write_text("old")
    before = key(root)

    (root / path).write_text("new")
    changed = key(root)
    (root / path).write_text("old")

    assert changed != before == key(root)


@pytest.mark.parametrize(
    "directory",
    [
        "myshop/__pycache__",
        "myshop/.cache",
        ".git",
        ".harness/runs/1",
        ".nox/tests",
        "node_modules/x",
        "kept/runs",
        "env/lib",
    ],
)
def test_what_is_no_source_does_not_count(root: Path, directory: str) -> None:
    (root / "env").mkdir()
    (root / "env" / "pyvenv.cfg").touch()
    wanted = order(root, runs="kept")
    before = world_key(target(), wanted, Wanted(10))

    (root / directory).mkdir(parents=True)
    (root / directory / "x.py").write_text("changed")

    assert world_key(target(), wanted, Wanted(10)) == before


def test_what_is_installed_to_be_edited_counts(
    root: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, site = (tmp_path_factory.mktemp(name) for name in ("source", "site"))
    (source / "dep.py").write_text("old")
    info = site / "dep-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dep\nVersion: 1\n")
    origin = {"url": source.as_uri(), "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.syspath_prepend(str(site))
    before = key(root)

    (source / "dep.py").write_text("new")

    assert key(root) != before


def test_a_project_too_large_to_read_has_no_digest_that_could_be_wrong(
    root: Path,
) -> None:
    assert digest_of_project([root], most_files=4)
    with pytest.raises(ResourceError, match="more than 3 files"):
        digest_of_project([root], most_files=3)
    with pytest.raises(ResourceError, match="too many to tell"):
        digest_of_project([root], most_bytes=10)


def test_links_are_followed_once(root: Path) -> None:
    (root / "loop").symlink_to(root)
    (root / "again").symlink_to(root / "myshop")

    assert key(root)


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
