"""The tap on asyncpg relies on names that are not public, and says if one is gone."""

from __future__ import annotations

import importlib
from typing import Any

import asyncpg
import pytest

from harness.errors import EnvironmentFailure
from harness.observe.asyncpg import CONTRACT, asyncpg_gated
from harness.observe.gates.all import gated


def owner_of(function: str) -> tuple[Any, str]:
    module, _, path = function.partition(":")
    owner: Any = importlib.import_module(module)
    *names, last = path.split(".")
    for name in names:
        owner = getattr(owner, name)
    return owner, last


@pytest.mark.parametrize("function", CONTRACT)
def test_this_asyncpg_has_each_name_that_the_tap_relies_on(function: str) -> None:
    owner, name = owner_of(function)

    assert callable(getattr(owner, name))


@pytest.mark.parametrize(
    "function", [one for one in CONTRACT if one.startswith("asyncpg.connect_utils")]
)
def test_an_asyncpg_that_lacks_a_function_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    owner, name = owner_of(function)
    monkeypatch.delattr(owner, name)

    with pytest.raises(EnvironmentFailure) as caught, asyncpg_gated():
        pass

    assert function in str(caught.value)
    assert asyncpg.__version__ in str(caught.value)


@pytest.mark.parametrize("name", ["bind_execute", "_is_cancelling", "data_received"])
def test_an_asyncpg_whose_protocol_lacks_a_method_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    module: Any = importlib.import_module("asyncpg.protocol.protocol")

    class Other:
        """A protocol with all methods but one."""

    for one in dir(module.Protocol):
        if one != name and not one.startswith("__"):
            setattr(Other, one, getattr(module.Protocol, one))
    monkeypatch.setattr(module, "Protocol", Other)

    with (
        pytest.raises(EnvironmentFailure, match=rf"Protocol\.{name}\b"),
        asyncpg_gated(),
    ):
        pass


def test_what_was_refused_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = snapshot()
    owner, name = owner_of(CONTRACT[-1])
    with monkeypatch.context() as patched:
        patched.delattr(owner, name)
        with pytest.raises(EnvironmentFailure), asyncpg_gated():
            pass

    assert snapshot() == before


def test_afterwards_all_is_as_it_was() -> None:
    before = snapshot()

    with gated():
        assert snapshot() != before

    assert snapshot() == before


def snapshot() -> list[object]:
    found: list[object] = []
    for function in CONTRACT:
        owner, name = owner_of(function)
        found.append((vars(owner).get(name), getattr(owner, name)))
    return found
