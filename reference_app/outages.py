"""Which failures pass by themselves, and which are bugs."""

from __future__ import annotations

import re
from typing import Final

import asyncpg

from reference_app.problems import ProblemError, internal, unavailable

_PASSING = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
_IN_FAREWELL: Final = re.compile(
    r"cannot switch to state \d+; another operation \(2\) is in progress"
)


def problem_of(error: Exception, *, retry_after: int) -> ProblemError:
    """Return what the client is told about a failure that nobody expected."""
    if isinstance(error, _PASSING) or _has_just_been_ended(error):
        return unavailable(
            "database-unavailable", "Try again later.", retry_after=retry_after
        )
    return internal()


def _has_just_been_ended(error: Exception) -> bool:
    """Tell whether a connection was used between the server's farewell and its end.

    The server says that it ends a connection, then closes it. asyncpg is told of an
    error that answers nothing, and skips (its state 2) what comes until the next
    answer; a statement in that moment fails as if by a bug, and only the text
    says so. Two that use one connection at a time get an InterfaceError instead.
    """
    return type(error) is asyncpg.InternalClientError and bool(
        _IN_FAREWELL.fullmatch(str(error))
    )
