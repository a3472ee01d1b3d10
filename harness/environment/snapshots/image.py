"""An image of a server's data directory: saved while it rests, and restored."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from harness.environment.account import Account
from harness.environment.binaries import Binaries
from harness.environment.cluster import Cluster, checked_run
from harness.environment.snapshots.archive import Stopped, Unfit, pack, unpack

T = TypeVar("T")

ARCHIVE: Final = "data.gz"
ABOUT: Final = "server.json"
_LEFT_OUT: Final = frozenset({"postmaster.opts", "postmaster.pid"})


@dataclass(frozen=True, slots=True)
class Image:
    """A data directory in a file, and what is needed to use it.

    Attributes:
        archive: The file.
        password: The superuser's in it, until the server gives it a new one.
        database: The one that was made for the app.
    """

    archive: Path
    password: str = field(repr=False)
    database: str

    @classmethod
    def read(cls, directory: Path) -> Image:
        """Read what `write` left in a directory.

        Raises:
            Unfit: It is not there, or says something else.
        """
        try:
            about = json.loads((directory / ABOUT).read_bytes())
            return cls(directory / ARCHIVE, about["password"], about["database"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unfit(f"it is damaged: {ABOUT}: {error}") from error

    async def unpacked(self, directory: Path, *, account: Account) -> Cluster:
        """Make a data directory of it.

        Args:
            directory: Where it goes; belongs to the account and is empty.
            account: Whom the server runs as.

        Raises:
            Unfit: The archive is damaged.
            OSError: The disk is full, for instance.
        """

        def work(stop: threading.Event) -> None:
            unpack(self.archive, directory, account=account, stop=stop)

        await _in_thread(work)
        return Cluster(directory, self.password)


@dataclass(frozen=True, slots=True)
class Resting:
    """A server of ours that was shut down in order, and will be started again.

    Attributes:
        cluster: Its data directory.
        binaries: Its programs.
        account: Whom it runs as.
        directory: Of the run; for logs.
    """

    cluster: Cluster
    binaries: Binaries
    account: Account
    directory: Path


async def save_image(
    resting: Resting, draft: Path, *, database: str, telltales: Collection[str]
) -> None:
    """Write an image of a resting server.

    Args:
        resting: The server.
        draft: Directory that gets the image's files.
        database: The one that was made for the app.
        telltales: What the data may not hold, because a clone has others: the
            server's address and password, of which apps make data sources.

    Raises:
        Unfit: They hold it; or a tablespace lies elsewhere.
        PostgresError: The log of the server cannot be cut off.
        OSError: The disk is full, for instance.
    """
    data = resting.cluster.data
    # Hundreds of megabytes of log, which a server that ended in order never reads.
    command: list[str | Path] = [resting.binaries.root / "bin" / "pg_resetwal"]
    await checked_run(
        [*command, "-D", data], account=resting.account, directory=resting.directory
    )

    def work(stop: threading.Event) -> None:
        pack(
            data,
            draft / ARCHIVE,
            leave_out=_LEFT_OUT,
            telltales=[text.encode() for text in telltales],
            stop=stop,
        )

    await _in_thread(work)
    about = {"password": resting.cluster.password, "database": database}
    (draft / ABOUT).write_text(json.dumps(about))


async def _in_thread(work: Callable[[threading.Event], T]) -> T:
    """Do something in a thread, which is told to stop on a cancellation."""
    stop = threading.Event()
    task = asyncio.ensure_future(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait((task,))
        if not task.cancelled() and not isinstance(task.exception(), Stopped):
            task.exception()
        raise
