"""The taps that put in order import nothing, and say what a library lacks."""

from __future__ import annotations

import contextvars
import functools
import importlib.metadata
import subprocess
import sys
from typing import Any

import pytest

from harness.errors import EnvironmentFailure
from harness.observe.gates.all import gated
from harness.observe.gates.threads import name_of

HTTP11 = "_async.http11:AsyncHTTP11Connection"
STREAM = "_backends.anyio:AnyIOStream"
REDIS = "redis.asyncio.connection:AbstractConnection"
RELIED_ON = [
    f"httpcore.{HTTP11}._send_request_headers",
    f"httpcore.{HTTP11}._receive_response_headers",
    f"httpcore.{STREAM}.read",
    f"httpcore2.{HTTP11}._send_request_body",
    "httpcore2._backends.anyio:AnyIOBackend.connect_tcp",
    f"{REDIS}.send_packed_command",
    f"{REDIS}.connect_check_health",
    "anyio._backends._asyncio:AsyncIOBackend.run_sync_in_worker_thread",
]
ALONE = """
import sys
from harness.observe.gates.all import gated
with gated():
    known = ("asyncpg", "httpx", "httpx2", "httpcore", "httpcore2", "anyio", "redis")
    print([name for name in known if name in sys.modules])
    import httpcore
    method = httpcore._async.http11.AsyncHTTP11Connection._send_request_headers
    print(hasattr(method, "__wrapped__"))
"""


def owner_of(function: str) -> tuple[Any, str]:
    module, _, path = function.partition(":")
    owner: Any = importlib.import_module(module)
    *names, last = path.split(".")
    for name in names:
        owner = getattr(owner, name)
    return owner, last


@pytest.mark.parametrize("function", RELIED_ON)
def test_a_library_that_lacks_a_function_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    owner, name = owner_of(function)
    for one in owner.__mro__:
        if name in vars(one):
            monkeypatch.delattr(one, name)

    with pytest.raises(EnvironmentFailure) as caught, gated():
        pass

    assert function in str(caught.value)
    assert importlib.metadata.version(function.partition(".")[0]) in str(caught.value)


@pytest.mark.parametrize("function", RELIED_ON)
def test_it_is_replaced_for_a_while_and_put_back(function: str) -> None:
    owner, name = owner_of(function)
    before = getattr(owner, name)

    with gated():
        within = getattr(owner, name)

    if not function.endswith("connect_check_health"):
        assert within != before
    assert getattr(owner, name) == before


def test_what_the_app_does_not_use_is_not_imported_and_what_it_does_is_tapped() -> None:
    run = subprocess.run(
        [sys.executable, "-c", ALONE],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert run.stdout.splitlines() == ["[]", "True"]


def test_functions_are_named_without_what_is_put_around_them() -> None:
    around = functools.partial(contextvars.copy_context().run, owner_of, "a:b")

    assert name_of(functools.partial(around)) == "owner_of"
    assert name_of(functools.partial(owner_of, "a:b")) == "owner_of"
    assert name_of(print) == "print"
