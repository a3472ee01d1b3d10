"""For whom something is being opened or closed right now, and whose a pool is."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from harness.model.boot import Stage

NOW_OPENING: Final[ContextVar[str]] = ContextVar("harness_opening", default="")
"""What the initialiser that is running was told of the tenant; "" outside of any.

Tasks that it starts inherit it.
"""

NOW_CLOSING: Final[ContextVar[str]] = ContextVar("harness_closing", default="")
"""The same of what closes a resource again, while it runs."""


@dataclass(slots=True, eq=False)
class Opening:
    """A call of an initialiser, as it is known to what is opened in it.

    Attributes:
        what: Import string of the initialiser.
        run: Tells its calls apart.
        key: What its arguments said for the tenant.
        stage: What has become of it so far.
        outer: The call for the same tenant that it is made in, if there is one.
    """

    what: str
    run: int
    key: str
    stage: Stage = Stage.BEGUN
    outer: Opening | None = None

    @property
    def stages(self) -> Iterator[Stage]:
        """Its own stage, and those of the calls that it is made in."""
        call: Opening | None = self
        while call is not None:
            yield call.stage
            call = call.outer


@dataclass(frozen=True, slots=True)
class Owned:
    """A pool, or a connection without one, and the call that opened it.

    Attributes:
        number: Tells them apart.
        opening: The call; None of what was opened in none.
        says: What a connection that was opened in none tells the server of itself: its
            user, role, search path, database and the like, which may name a tenant.
    """

    number: int
    opening: Opening | None
    says: str = ""


OPENING: Final[ContextVar[Opening | None]] = ContextVar("harness_call", default=None)
"""The initialiser's call that is running, or that has started what is running."""

POOL: Final[ContextVar[Owned | None]] = ContextVar("harness_pool", default=None)
"""The pool for which a connection is being opened; None without one."""


def opening_now() -> Opening | None:
    """Return the call of an initialiser that is running; not one that is through."""
    opening = OPENING.get()
    running = opening is not None and opening.stage is Stage.BEGUN
    return opening if running else None


def opened_for() -> str:
    """Return what is known of the tenant for whom something is opened now."""
    pool = POOL.get()
    if pool is None:
        return NOW_OPENING.get()
    # What is shared may grow while one tenant's resources are made.
    return pool.opening.key or pool.opening.what if pool.opening else ""


def handled_for() -> str:
    """Return for whom an initialiser, or what closes its resource, is running."""
    opening = opening_now()
    return NOW_CLOSING.get() or (opening.key or opening.what if opening else "")
