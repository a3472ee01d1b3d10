"""Checks of what a target says of its app's start."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from harness.errors import TargetError
from harness.target.connections import ConnectionPlan
from harness.target.initialiser import Initialiser

if TYPE_CHECKING:
    from harness.target.target import Target

_INITIALISER: Final = (
    'Write initialisers=(Initialiser(function="package.module:open_tenant", '
    'tenant="tenant.slug"),).'
)


def check_start(target: Target) -> None:
    """Refuse what no start could be judged by.

    Raises:
        TargetError: The message says which field is wrong and what to write.
    """
    _strategies(target.strategies)
    _ready(target.ready)
    _ready_tenants(target)
    _initialisers(target.initialisers)
    _connections(target)
    _provider_calls(target.provider_calls)


def _strategies(strategies: object) -> None:
    hint = 'Write strategies={"lazy": {"STRATEGY": "lazy"}}.'
    if not isinstance(strategies, Mapping):
        kind = type(strategies).__name__
        message = f"Target.strategies must map names to variables, but is a {kind}."
        raise TargetError(message, hint=hint)
    for name in strategies:
        if not isinstance(name, str) or not name.replace("-", "_").isidentifier():
            message = f"Target.strategies has {name!r}, which is no plain name."
            raise TargetError(message, hint=hint)


def _ready(path: object) -> None:
    if not isinstance(path, str) or (path and not path.startswith("/")):
        message = f"Target.ready is {path!r}, which is no path."
        raise TargetError(
            message, hint='Write it as "/readyz", or "" if there is none.'
        )


def _ready_tenants(target: Target) -> None:
    hook: object = target.ready_tenants
    hint = 'Write ready_tenants=lambda answer: answer.json()["tenants"].'
    if hook is None:
        return
    if not callable(hook) or inspect.iscoroutinefunction(hook):
        message = "Target.ready_tenants must be a plain function of an answer."
        raise TargetError(message, hint=hint)
    if not target.ready:
        message = (
            "Target.ready_tenants reads answers of Target.ready, which is not set."
        )
        raise TargetError(message, hint='Name the path: ready="/readyz".')


def _initialisers(initialisers: object) -> None:
    if not isinstance(initialisers, Collection) or isinstance(initialisers, str):
        message = "Target.initialisers must be a tuple of initialisers."
        raise TargetError(message, hint=_INITIALISER)
    for one in initialisers:
        if not isinstance(one, Initialiser):
            message = f"Target.initialisers holds {one!r}, no Initialiser."
            raise TargetError(message, hint=_INITIALISER)
        _function(one.function)
        if one.closed_by:
            _function(one.closed_by)
        for path in (one.tenant, one.closed_tenant or one.tenant):
            if not all(part.isidentifier() for part in path.split(".")):
                message = (
                    f"The initialiser {one.function!r} finds its tenant at {path!r}."
                )
                hint = 'Name an argument and what leads to a text: "tenant.slug".'
                raise TargetError(message, hint=hint)


def _function(text: object) -> None:
    parts = text.split(":") if isinstance(text, str) else []
    names = [name for part in parts for name in part.split(".")]
    if len(parts) != 2 or not all(name.isidentifier() for name in names):
        message = f"The initialiser {text!r} is no import string of a function."
        hint = 'Write it as "package.module:Class.method".'
        raise TargetError(message, hint=hint)


def _connections(target: Target) -> None:
    plans: Any = target.connections
    hint = "Write connections=ConnectionPlan(largest_pool=4, shared=10)."
    if plans is None:
        return
    given = plans if isinstance(plans, Mapping) else {"": plans}
    for name, plan in given.items():
        if not isinstance(plan, ConnectionPlan):
            message = f"Target.connections holds {plan!r}, no ConnectionPlan."
            raise TargetError(message, hint=hint)
        if name and name not in target.strategies:
            known = ", ".join(target.strategies) or "none"
            message = f"Target.connections names the strategy {name!r}."
            raise TargetError(message, hint=f"Target.strategies has: {known}.")
        _figures(plan)


def _figures(plan: ConnectionPlan) -> None:
    for name in ("budget", "largest_pool", "shared", "reserve"):
        figure = getattr(plan, name)
        if figure is None and name in {"budget", "largest_pool"}:
            continue
        if not isinstance(figure, int) or isinstance(figure, bool) or figure < 0:
            message = f"ConnectionPlan.{name} is {figure!r}, no number of connections."
            raise TargetError(message, hint="Give a whole number, 0 or more.")


def _provider_calls(calls: object) -> None:
    if calls is None:
        return
    if not isinstance(calls, int) or isinstance(calls, bool) or calls < 0:
        message = f"Target.provider_calls is {calls!r}, no number of calls."
        raise TargetError(message, hint="Give a whole number, or None if any is fine.")
