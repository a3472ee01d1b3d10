"""The planted races and their twins, by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from benchmarks.racing import races, twins
from benchmarks.racing.program import Program


def catalogue() -> dict[str, Callable[[], type[Program]]]:
    """Return what gives each, those that are correct last."""
    return {
        "two first requests at once": lambda: races.AtOnce,
        "membership test as the check": lambda: races.MembershipTest,
        "lock let go between check and act": lambda: races.LockLetGo,
        "entry published half-made": lambda: races.HalfMade,
        "global tenant read after an await": lambda: races.GlobalTenant,
        "eviction closes a pool in use": lambda: races.ClosedInUse,
        "cancelled initialiser leaves its entry": lambda: races.EntryLeftBehind,
        "shared task without a shield": lambda: races.SharedTask,
        "background child task": lambda: races.ChildTask,
        "BaseHTTPMiddleware": lambda: _web("HttpMiddleware"),
        "sync dependency": lambda: _web("SyncDependency"),
        "no connection is made (min_size=0)": lambda: twins.NoConnection,
        "lock per tenant, checked again": lambda: twins.LockPerTenant,
        "who comes second closes his own": lambda: twins.LoserCloses,
        "shared task with a shield": lambda: twins.ShieldedTask,
        "child task that keeps the newest": lambda: twins.NewestKept,
        "BaseHTTPMiddleware, context variable": lambda: _web("HttpMiddlewareContext"),
    }


def _web(name: str) -> type[Program]:
    """Import the frameworks for what needs them only."""
    module = importlib.import_module("benchmarks.racing.web")
    program: type[Program] = getattr(module, name)
    return program
