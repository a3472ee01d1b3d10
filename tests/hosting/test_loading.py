"""An import string becomes an app, or one clear line says why it does not."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import AppFailed, HarnessError, TargetError
from harness.hosting.loading import load
from harness.hosting.surroundings import surroundings
from harness.target.app import AppSpec

Specify = Callable[..., AppSpec]


def loaded(spec: AppSpec) -> object:
    with surroundings(spec):
        return load(spec)


def refused(spec: AppSpec) -> HarnessError:
    with pytest.raises(HarnessError) as caught, surroundings(spec):
        load(spec)
    assert len(caught.value.message.splitlines()) == 1
    return caught.value


@pytest.mark.parametrize(
    "attribute",
    ["plain", "partial", "Space.inner", "create", "optional", "instance", "Callable3"],
)
def test_apps_and_factories_are_told_apart(specify: Specify, attribute: str) -> None:
    app = loaded(specify(f"apps.factories:{attribute}"))

    factories = sys.modules["apps.factories"]
    expected = {
        "partial": factories.partial,
        "instance": factories.instance,
    }.get(attribute, factories.plain)
    if attribute == "Callable3":
        assert isinstance(app, factories.Callable3)
    else:
        assert app is expected


@pytest.mark.parametrize(
    ("app", "says"),
    [
        ("apps.factories", "has no colon"),
        ("apps.factories:", "is not well formed"),
        (":app", "is not well formed"),
        ("apps/factories.py:app", "is not well formed"),
        ("apps.factories:create()", "is not well formed"),
        ("no_such_package.main:app", "no module 'no_such_package'"),
        ("apps.no_such_module:app", "no module 'apps.no_such_module'"),
        ("apps.plain.deeper:app", "no module 'apps.plain.deeper'"),
        ("apps.factories:absent", "has no 'absent'"),
        ("apps.factories:Space.absent", "has no 'Space.absent'"),
        ("apps.factories:number", "is no ASGI app, but an int"),
        ("apps.factories:needs", "needs arguments: settings, parts"),
        ("apps.factories:returns_nothing", "returned a NoneType"),
        ("apps.factories:is_async", "returned a coroutine"),
    ],
)
def test_a_string_that_points_to_nothing_is_the_targets_fault(
    specify: Specify, app: str, says: str
) -> None:
    error = refused(specify(app))

    assert isinstance(error, TargetError)
    assert says in error.message


def test_the_nearest_name_is_offered(specify: Specify) -> None:
    assert "'create'" in refused(specify("apps.factories:creat")).hint


@pytest.mark.parametrize(
    ("attribute", "says"),
    [("raises", "LookupError: no settings"), ("exits", "SystemExit: 3")],
)
def test_a_factory_that_raises_is_the_apps_fault(
    specify: Specify, attribute: str, says: str
) -> None:
    error = refused(specify(f"apps.factories:{attribute}"))

    assert isinstance(error, AppFailed)
    assert says in error.message
    assert "factories.py, line" in error.message


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import surely_not_there", "No module named 'surely_not_there'"),
        ("from os import surely_not_there", "ImportError: cannot import name"),
        ("\n\n1 / 0", "ZeroDivisionError: division by zero (faulty.py, line 3)"),
        ("\ndef broken(:", "(faulty.py, line 2)"),
        ("import sys; sys.exit('no settings')", "SystemExit: no settings"),
    ],
)
def test_an_import_that_raises_is_the_apps_fault(
    tmp_path: Path, source: str, says: str
) -> None:
    (tmp_path / "faulty.py").write_text(source)
    error = refused(AppSpec(app="faulty:app", directory=tmp_path, reimport=("faulty",)))

    assert isinstance(error, AppFailed)
    assert "Importing 'faulty' raised" in error.message
    assert says in error.message


def test_a_directory_that_does_not_exist_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(TargetError, match="missing does not exist"):
        loaded(AppSpec(app="faulty:app", directory=missing))


def test_variables_and_import_path_are_put_back(
    specify: Specify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEPT", "before")
    monkeypatch.delenv("NEW", raising=False)
    path = sys.path[:]

    spec = specify("apps.plain:app", environment={"KEPT": "during", "NEW": "during"})
    with surroundings(spec):
        assert (os.environ["KEPT"], os.environ["NEW"]) == ("during", "during")
        assert sys.path[1:] == path

    assert os.environ["KEPT"] == "before"
    assert "NEW" not in os.environ
    assert sys.path == path


def test_only_named_packages_are_imported_afresh(specify: Specify) -> None:
    loaded(specify("apps.plain:app"))
    first = sys.modules["apps.plain"]
    loaded(AppSpec(app="apps.plain:app", directory=Path(__file__).parent))
    assert sys.modules["apps.plain"] is first

    loaded(specify("apps.plain:app"))
    assert sys.modules["apps.plain"] is not first
