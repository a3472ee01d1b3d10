"""The tap on initialisers tells of each call and changes nothing."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.errors import TargetError
from harness.model.boot import Stage
from harness.observe.initialisers import initialisers_tapped
from harness.observe.owning import NOW_OPENING
from harness.observe.runs import Call
from harness.target.initialiser import Initialiser

APP = "tenants_of_a_test"
READY = ["begun", "ready"]
CLOSED = ["closing", "closed"]


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    source = Path(__file__).parent / "apps" / "tenants.py"
    (tmp_path / f"{APP}.py").write_text(source.read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop(APP, None)


@pytest.fixture
def calls() -> list[Call]:
    return []


def an_initialiser(function: str, tenant: str = "slug", **more: Any) -> Initialiser:
    return Initialiser(function=f"{APP}:{function}", tenant=tenant, **more)


def app() -> Any:
    return importlib.import_module(APP)


def stages(calls: list[Call]) -> list[str]:
    return [str(call.stage) for call in calls]


async def test_a_coroutine_function_is_told_of_from_its_first_step_to_its_end(
    calls: list[Call],
) -> None:
    with initialisers_tapped([an_initialiser("open_it", "tenant.slug")], calls.append):
        module = app()
        tenant = module.Tenant("acme", {})
        coroutine = module.open_it(tenant)
        assert calls == []

        assert await coroutine == "open acme"

    assert stages(calls) == READY
    assert {call.key for call in calls} == {"acme"}
    assert {call.run for call in calls} == {1}
    assert calls[0].at <= calls[1].at


async def test_its_error_goes_through_and_is_told_by_its_class_alone(
    calls: list[Call],
) -> None:
    with initialisers_tapped([an_initialiser("open_it", "tenant.slug")], calls.append):
        module = app()
        with pytest.raises(LookupError, match="acme"):
            await module.open_it(module.Tenant("acme", {}), fail=True)

    assert stages(calls) == ["begun", "failed"]
    assert calls[-1].detail == "LookupError"


async def test_its_cancellation_goes_through_and_is_told(calls: list[Call]) -> None:
    with initialisers_tapped([an_initialiser("open_it", "tenant.slug")], calls.append):
        module = app()
        gate = asyncio.Event()
        call = module.open_it(module.Tenant("acme", {}), gate=gate)
        task = asyncio.create_task(call)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert stages(calls) == ["begun", "cancelled"]


async def test_a_context_manager_is_told_of_from_entering_to_leaving(
    calls: list[Call],
) -> None:
    watched = [an_initialiser("entered", "tenant.slug")]
    with initialisers_tapped(watched, calls.append):
        module = app()
        context = module.entered(module.Tenant("acme", {}))
        assert calls == []

        async with context as value:
            assert value == "entered acme"
            assert stages(calls) == READY

    assert stages(calls) == [*READY, *CLOSED]
    assert all(call.closes for call in calls)


def test_a_plain_context_manager_is_told_of_too(calls: list[Call]) -> None:
    with initialisers_tapped([an_initialiser("held", "tenant.slug")], calls.append):
        module = app()
        with module.held(module.Tenant("acme", {})) as value:
            assert value == "held acme"

    assert stages(calls) == [*READY, *CLOSED]
    assert all(call.closes for call in calls)


async def test_plain_functions_are_told_of_whether_they_return_at_once_or_later(
    calls: list[Call],
) -> None:
    watched = [an_initialiser("load"), an_initialiser("later")]
    with initialisers_tapped(watched, calls.append):
        module = app()
        assert module.load("acme") == "loaded acme"
        assert await module.later(slug="globex") == "slept globex"

    assert [(call.key, str(call.stage)) for call in calls] == [
        ("acme", "begun"),
        ("acme", "ready"),
        ("globex", "begun"),
        ("globex", "ready"),
    ]
    assert not any(call.closes for call in calls)


async def test_methods_stay_what_they_were_and_their_close_is_told_of(
    calls: list[Call],
) -> None:
    watched = [
        an_initialiser("Registry.open", "self.slug", closed_by=f"{APP}:Registry.close"),
        an_initialiser("Registry.make"),
        an_initialiser("Registry.check"),
    ]
    with initialisers_tapped(watched, calls.append):
        registry = await app().Registry.make("acme")
        assert app().Registry.check("acme")
        assert inspect.iscoroutinefunction(registry.open)
        assert await registry.open() == "registered acme"
        await registry.close()

    by_what: dict[str, list[str]] = {}
    for call in calls:
        by_what.setdefault(call.what.partition(":")[2], []).append(str(call.stage))
    assert by_what == {
        "Registry.make": READY,
        "Registry.check": READY,
        "Registry.open": [*READY, *CLOSED],
    }
    assert calls[-1].key == "acme"


async def test_a_key_of_a_mapping_is_found_and_a_missing_one_disturbs_nobody(
    calls: list[Call],
) -> None:
    watched = [an_initialiser("open_it", "tenant.facts.id")]
    with initialisers_tapped(watched, calls.append):
        module = app()
        await module.open_it(module.Tenant("acme", {"id": "7"}))
        await module.open_it(module.Tenant("globex", {}))

    assert [call.key for call in calls if call.stage is Stage.READY] == ["7", ""]


async def test_what_it_starts_knows_whose_initialiser_it_is(calls: list[Call]) -> None:
    seen = []

    class Gate:
        async def wait(self) -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.look())

        async def look(self) -> None:
            seen.append(NOW_OPENING.get())

    with initialisers_tapped([an_initialiser("open_it", "tenant.slug")], calls.append):
        module = app()
        await module.open_it(module.Tenant("acme", {}), gate=Gate())

    assert seen == ["acme"]
    assert NOW_OPENING.get() == ""


async def test_a_sink_that_fails_is_not_the_apps_business() -> None:
    def broken(call: Call) -> None:
        raise OSError("nobody listens")

    with initialisers_tapped([an_initialiser("open_it", "tenant.slug")], broken):
        module = app()

        assert await module.open_it(module.Tenant("acme", {})) == "open acme"


def test_a_module_that_was_imported_before_is_tapped_and_put_back(
    calls: list[Call],
) -> None:
    module = app()
    before = dict(vars(module)), dict(vars(module.Registry))

    with initialisers_tapped(
        [an_initialiser("load"), an_initialiser("Registry.check")], calls.append
    ):
        module.load("acme")
        module.Registry.check("acme")

    assert stages(calls) == READY * 2
    assert (dict(vars(module)), dict(vars(module.Registry))) == before


def test_importing_looks_as_ever(calls: list[Call]) -> None:
    with initialisers_tapped([an_initialiser("load")], calls.append):
        module = app()

        assert "harness" not in type(module.__loader__).__module__
        assert module.__spec__.loader is module.__loader__
        assert inspect.getsource(module.Registry).startswith("class Registry")
    assert not any("Patcher" in type(finder).__name__ for finder in sys.meta_path)


@pytest.mark.parametrize(
    ("function", "tenant", "says"),
    [
        ("nowhere", "slug", "'tenants_of_a_test:nowhere' is no function"),
        ("NOT_A_FUNCTION", "slug", "is no function"),
        ("Registry", "slug", "is no function"),
        ("generate", "slug", "is a generator"),
        ("load", "tenant.slug", "has no argument 'tenant', but slug"),
    ],
)
def test_a_name_that_leads_nowhere_is_complained_of_once_the_app_is_there(
    calls: list[Call], function: str, tenant: str, says: str
) -> None:
    watched = [an_initialiser(function, tenant)]
    with initialisers_tapped(watched, calls.append) as complain:
        complain()
        app()
        with pytest.raises(TargetError) as caught:
            complain()

    assert says in caught.value.message
