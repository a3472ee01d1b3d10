"""Which failures pass by themselves, and which are bugs."""

from __future__ import annotations

import asyncpg

from reference_app.problems import ProblemError, internal, unavailable

_PASSING = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)


def problem_of(error: Exception, *, retry_after: int) -> ProblemError:
    """Return what the client is told about a failure that nobody expected."""
    if isinstance(error, _PASSING):
        return unavailable(
            "database-unavailable", "Try again later.", retry_after=retry_after
        )
    return internal()
