"""What every way to a fresh state promises, and the check that it kept it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from harness.environment.fresh.fingerprint import Fingerprint
from harness.errors import Inconclusive

Hook = Callable[[str], Awaitable[None]]
"""A user's own way back to the snapshot; gets the DSN of the database."""

_SHOWN = 5


class Single(Protocol):
    """Same rows, same sequences, same ids, each time."""

    async def snapshot(self) -> None:
        """Remember the database as it is; once, after provisioning.

        Raises:
            Inconclusive: It cannot be remembered.
        """

    async def restore(self) -> None:
        """Make the database as it was at the snapshot, under the same name.

        Raises:
            Inconclusive: It is not the same; names each table or sequence.
        """

    async def fingerprint(self) -> str:
        """Return a digest of the database as it is now; equal for equal states."""


class FreshState(Single, Protocol):
    """The same of the run's database and of those that the app makes beside it.

    Attributes:
        doubtful: At the snapshot, databases that the app may have made, but nothing
            shows it: they are not set back, and not removed.
    """

    doubtful: tuple[str, ...]


def insist_on_same(wanted: Fingerprint, now: Fingerprint, *, strategy: str) -> None:
    """Pass if two fingerprints are the same.

    Raises:
        Inconclusive: They differ; says where.
    """
    differences = now.differences_from(wanted)
    if not differences:
        return
    shown = "; ".join(differences[:_SHOWN])
    more = len(differences) - _SHOWN
    raise Inconclusive(
        f"the database is not as it was after a restore by {strategy}: {shown}"
        + (f"; and {more} more" if more > 0 else ""),
        hint="Does something write in the background? Else choose another strategy.",
    )


def not_snapshotted() -> Inconclusive:
    """Return the error for a restore that comes before any snapshot."""
    return Inconclusive("no snapshot of the database was taken before a restore")
