"""Random request data from Hypothesis and schemathesis: a bounded number of draws."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import math
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.internal.conjecture.providers import (
    AVAILABLE_PROVIDERS,
    HypothesisProvider,
)

from harness.target.headers import sendable
from harness.target.media import declared
from harness.target.patterns import safe

if TYPE_CHECKING:
    from harness.target.operation import Operation

_GRACE: Final = 0.5
_DRAWS: Final = 20_000
"""Random numbers for one operation: the same seed ends at the same one anywhere."""
_PATTERN_DRAWS: Final = 4_000
_ATTEMPTS: Final = 20
_LONG: Final = 256
"""Characters of a text with a pattern, at most: to allow for 100,000 takes seconds."""
_BACKEND: Final = "harness"
_PRINTABLE: Final = st.characters(min_codepoint=32, max_codepoint=126)


class _TimeUp(BaseException):
    """Raised in a thread that has drawn for too long; no handler may keep it."""


class _Spent(BaseException):
    """Raised in a thread that has drawn all that it may; no handler may keep it."""


_UNTIL: Final = ContextVar("until", default=math.inf)
"""When the work in this thread must stop, on the monotonic clock."""


@dataclass(slots=True)
class _Purse:
    """How many random numbers may still be drawn."""

    left: int


_PURSE: Final[ContextVar[_Purse | None]] = ContextVar("purse", default=None)
"""What the work in this thread may still draw."""


def _count_draw() -> None:
    purse = _PURSE.get()
    if purse is not None:
        purse.left -= 1
        if purse.left < 0:
            raise _Spent
    if time.monotonic() > _UNTIL.get():
        raise _TimeUp


@final
class Provider(HypothesisProvider):
    """Draws the same in every process.

    Hypothesis also draws constants that it finds in modules loaded so far, which
    differ between a run and its replay.
    """

    def _maybe_draw_constant(self, *_args: object, **_kwargs: object) -> None:
        _count_draw()

    def draw_boolean(self, p: float = 0.5) -> bool:
        _count_draw()
        return super().draw_boolean(p)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Random data of one request; None for what it does not have."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    headers: Mapping[str, Any]
    body: Any


@final
class Drawing:
    """Draws for one operation, until a number of draws is used up.

    Attributes:
        cut_off: Whether time ran out first: another run may get further.

    Args:
        seed: The same seed draws the same, unless time runs out.
        seconds: For everything together; much more than it takes.
    """

    def __init__(self, *, seed: int, seconds: float) -> None:
        self._seed = seed
        self._until = time.monotonic() + seconds
        self._left = _DRAWS
        self.cut_off = False
        self._texts: dict[tuple[str, int, int], str | None] = {}

    def matching(self, pattern: str, shortest: int, longest: int) -> str | None:
        """Return a printable text for a pattern; None if none was found in time."""

        def fitting(text: str) -> bool:
            return shortest <= len(text) <= longest

        def make() -> st.SearchStrategy[str]:
            return st.from_regex(pattern, alphabet=_PRINTABLE).filter(fitting)

        if not safe(pattern):
            return None
        key = (pattern, shortest, longest)
        if key not in self._texts:
            found = self._draw(make, count=5, draws=_PATTERN_DRAWS)
            self._texts[key] = min(found, key=len, default=None)
        return self._texts[key]

    def requests(self, operation: Operation, *, count: int) -> list[Drawn]:
        """Return up to `count` requests that satisfy an operation's schema."""
        started = time.monotonic()
        import schemathesis  # takes a while to load, which no operation pays for
        from schemathesis.config import SchemathesisConfig

        self._until += time.monotonic() - started

        def make() -> st.SearchStrategy[Any]:
            schema = schemathesis.openapi.from_dict(
                _document(operation), config=SchemathesisConfig()
            )
            generation = schema.config.generation
            generation.allow_x00 = False
            generation.allow_extra_parameters = False
            generation.codec = "ascii"
            generation.with_security_parameters = False
            return schema[operation.path][operation.method].as_strategy()

        cases = self._draw(make, count=count, draws=_DRAWS)
        return [_drawn(case) for case in cases]

    def _draw(
        self, make: Callable[[], st.SearchStrategy[Any]], *, count: int, draws: int
    ) -> list[Any]:
        """Return what a strategy gives, as far as it gets with so many draws."""
        found: list[Any] = []
        purse = _Purse(min(draws, self._left))
        granted = purse.left
        AVAILABLE_PROVIDERS.setdefault(_BACKEND, f"{__name__}.{Provider.__name__}")
        options = settings(
            backend=_BACKEND,
            max_examples=count,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )

        def draw() -> None:
            _PURSE.set(purse)

            @seeded(self._seed)
            @options
            @given(make())
            def collect(value: Any) -> None:
                found.append(value)

            collect()

        if not bounded(draw, self._until - time.monotonic()):
            self.cut_off = True
        self._left -= granted - max(0, purse.left)
        return found[:count]


def bounded(work: Callable[[], None], seconds: float) -> bool:
    """Do some work in a thread of its own, and stop it when the time is up.

    What it raises is dropped: a strategy that cannot be had, whatever the reason,
    only means that there are fewer cases.

    Returns:
        Whether it ended by itself.
    """
    if seconds <= 0:
        return False

    until = time.monotonic() + seconds
    ended = threading.Event()

    def run() -> None:
        _UNTIL.set(until)
        with contextlib.suppress(_TimeUp):
            with contextlib.suppress(Exception, _Spent):
                work()
            ended.set()

    thread = threading.Thread(target=run, name="drawing", daemon=True)
    thread.start()
    # Drawing looks at the clock itself; what else takes long is interrupted.
    thread.join(seconds + _GRACE)
    if thread.is_alive() and thread.ident is not None:
        _interrupt(thread, thread.ident)
    return ended.is_set()


def _interrupt(thread: threading.Thread, ident: int) -> None:
    """Raise in another thread, until it has ended or is beyond help."""
    collecting = gc.isenabled()
    # What is raised in a callback of the garbage collector is lost and reported.
    gc.disable()
    try:
        for _ in range(_ATTEMPTS):
            thread.join(_GRACE / 10)
            if not thread.is_alive():
                return
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(ident), ctypes.py_object(_TimeUp)
            )
    finally:
        if collecting:
            gc.enable()


def _document(operation: Operation) -> dict[str, Any]:
    """Return a document that declares one operation and what its requests hold."""
    request = {
        name: part
        for name, part in operation.schema.items()
        if name in {"parameters", "requestBody"}
    }
    listed = request.get("parameters", [])
    request["parameters"] = [one for one in listed if sendable(one)]
    content_type = operation.content_type
    if content_type and "requestBody" in request:
        media = declared(request["requestBody"], content_type)
        request["requestBody"] = {
            "required": True,
            "content": {content_type: {"schema": media.get("schema", {})}},
        }
    answer = {"responses": {"200": {"description": "OK"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "one operation", "version": "1"},
        "paths": _drawable(
            {operation.path: {operation.method.lower(): {**request, **answer}}}
        ),
    }


def _drawable(node: Any) -> Any:
    """Return a schema without what takes for ever: some patterns, and long texts."""
    if isinstance(node, list):
        return [_drawable(part) for part in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _drawable(part) for key, part in node.items()}
    if isinstance(kept.get("pattern"), str):
        if not safe(kept["pattern"]):
            del kept["pattern"]
        elif isinstance(kept.get("maxLength"), int):
            shortest = kept.get("minLength")
            least = shortest if isinstance(shortest, int) else 0
            kept["maxLength"] = min(kept["maxLength"], max(_LONG, least))
    named = kept.get("patternProperties")
    if isinstance(named, dict) and not all(safe(pattern) for pattern in named):
        del kept["patternProperties"]
    return kept


def _drawn(case: Any) -> Drawn:
    body = case.body
    return Drawn(
        path=dict(case.path_parameters or {}),
        query=dict(case.query or {}),
        headers=dict(case.headers or {}),
        body=body if isinstance(body, bool | dict | float | int | list | str) else None,
    )
