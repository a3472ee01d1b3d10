"""Hooks: functions of the user's that the harness calls and awaits."""

from __future__ import annotations

import inspect
from typing import Any

from harness.errors import TargetError


def refuse_unless_async(what: str, function: Any, *parameters: str) -> None:
    """Refuse what cannot be called and awaited as a hook is.

    Args:
        what: Where it stands, ``Target.provision``.
        function: What stands there.
        parameters: What it will be called with.

    Raises:
        TargetError: The message says how to write it.
    """
    hint = f"Write it as `async def hook({', '.join(parameters)})`."
    if not callable(function):
        kind = type(function).__name__
        raise TargetError(f"{what} is no function, but of type {kind}.", hint=hint)
    inner = inspect.unwrap(function)
    plain = inspect.isfunction(inner) and inner.__name__ != "<lambda>"
    if plain and not inspect.iscoroutinefunction(inner):
        message = f"{what} is the function {inner.__name__!r}, which is not async."
        raise TargetError(message, hint=hint)
    try:
        inspect.signature(function).bind(*parameters)
    except TypeError as error:
        message = f"{what} does not take ({', '.join(parameters)}): {error}."
        raise TargetError(message, hint=hint) from None
    except ValueError:
        pass  # built in: it does not tell what it takes
