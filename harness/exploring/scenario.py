"""Scenarios: short stories whose every order of events is explored."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, overload

from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.exploring.stage import Stage

Act = Callable[["Stage"], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What happens, in no particular order where it does not say so.

    Attributes:
        name: What it is called.
        act: Does it.
        about: One line for people.
        tenants: How many tenants it needs.
        started: Whether the app is started before and stopped after; else the scenario
            does that itself. Only what the scenario does is explored: while the app is
            started before, and stopped after, what came first goes first.
        strategies: Names of `Target.strategies`; the first that the target has is
            taken, and none where it has none of them.
        actions: Names of `Target.actions` that it needs; without one it is left out.
        generations: Names of `Target.generations` that it needs; likewise.
        idle: Whether the app is to give up what nobody uses; likewise left out where
            it never does.
        faults: How many operations may fail in one schedule.
        ready: Whether it asks the app if it is ready; left out where the target does
            not say where to ask.
        processes: In how many processes the app runs, on one database.
        flows: Whether it keeps streams or sockets open; left out where none is known.
    """

    name: str
    act: Act
    about: str = ""
    tenants: int = 1
    started: bool = True
    strategies: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    generations: tuple[str, ...] = ()
    idle: bool = False
    faults: int = 0
    ready: bool = False
    flows: bool = False
    processes: int = 1

    async def __call__(self, stage: Stage) -> None:
        """Do it."""
        await self.act(stage)


@overload
def scenario(act: Act, /) -> Scenario: ...


@overload
def scenario(
    *,
    tenants: int = 1,
    started: bool = True,
    strategies: tuple[str, ...] = (),
    actions: tuple[str, ...] = (),
    generations: tuple[str, ...] = (),
    idle: bool = False,
    faults: int = 0,
    ready: bool = False,
    flows: bool = False,
    processes: int = 1,
) -> Callable[[Act], Scenario]: ...


def scenario(act: Act | None = None, /, **options: Any) -> Any:
    """Make a scenario of an async function of a stage.

    Bare or with options::

        @scenario
        async def cold_stampede(stage):
            await stage.gather(*(stage.tenant(0).read() for _ in range(4)))

        @scenario(tenants=2, faults=1)
        async def one_fails(stage): ...

    Args:
        act: The function; its name is the scenario's, its first line tells what it
            is about.
        options: See `Scenario`.

    Raises:
        UsageError: It is no async function of one argument, or an option is wrong.
    """
    if act is None:
        return lambda function: scenario_of(function, **options)
    return scenario_of(act, **options)


def scenario_of(act: Act, **options: Any) -> Scenario:
    """Return a function as a scenario.

    Raises:
        UsageError: It is no async function of one argument, or an option is wrong.
    """
    name = getattr(act, "__name__", str(act))
    if not inspect.iscoroutinefunction(act):
        raise UsageError(
            f"The scenario {name} is no async function.",
            hint="Write it as `async def name(stage): ...`.",
        )
    if len(inspect.signature(act).parameters) != 1:
        raise UsageError(
            f"The scenario {name} must take one argument, the stage.",
            hint="Write it as `async def name(stage): ...`.",
        )
    _check(name, options)
    about = (inspect.getdoc(act) or "").partition("\n")[0]
    return Scenario(name=name, act=act, about=about, **options)


def ensure_distinct(scenarios: Sequence[Scenario]) -> None:
    """Refuse scenarios of one name: nobody could tell their schedules apart.

    Raises:
        UsageError: Two have the same.
    """
    seen: set[str] = set()
    for one in scenarios:
        if one.name in seen:
            raise UsageError(
                f"Two scenarios are called {one.name!r}.",
                hint="Give one of the functions another name.",
            )
        seen.add(one.name)


def _check(name: str, options: Mapping[str, Any]) -> None:
    known = {one.name: one.default for one in fields(Scenario)}
    for option, value in options.items():
        if option in {"name", "act", "about"} or option not in known:
            near = difflib.get_close_matches(option, known, n=1)
            raise UsageError(
                f"The scenario {name} has an unknown option {option!r}.",
                hint=f"Did you mean {near[0]!r}?" if near else "",
            )
        kind = type(known[option])
        if type(value) is not kind:
            raise UsageError(
                f"The scenario {name} has {option}={value!r}, which is no "
                f"{kind.__name__}.",
                hint=f'Write {option}=("one",).' if kind is tuple else "",
            )
    for option, least in (("tenants", 1), ("faults", 0), ("processes", 1)):
        if options.get(option, least) < least:
            raise UsageError(
                f"The scenario {name} has {option}={options[option]}; "
                f"the least is {least}."
            )
