"""Worlds that were made before: found by what determines them, kept for next time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from harness.environment.database import Database
from harness.environment.snapshots.archive import Unfit
from harness.environment.snapshots.image import Image, save_image
from harness.environment.snapshots.store import Store, default_cache
from harness.errors import PostgresError, ResourceError, UsageError
from harness.provisioning.memory import Memory, read_memory, remember
from harness.run.limits import FULL
from harness.run.world_key import Wanted, world_key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path
    from typing import Self

    from harness.environment.server import Postgres
    from harness.model.world import World
    from harness.provisioning.catalogue import Catalogue
    from harness.provisioning.stage import Scene
    from harness.run.order import Order
    from harness.target.target import Target

WORLD: Final = "world.json"
_SHORTEST: Final = 8
"""A value of the run's own that is shorter may be anywhere."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A world that was made before.

    Attributes:
        image: The server's data directory.
        memory: What is known of the world.
        made: When.
    """

    image: Image
    memory: Memory = field(repr=False)
    made: datetime

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Read what was kept in a directory.

        Raises:
            Unfit: Something is missing, or wrong.
        """
        world = directory / WORLD
        try:
            made = datetime.fromtimestamp(world.stat().st_mtime, tz=UTC)
            memory = read_memory(world.read_bytes())
        except (OSError, UsageError) as error:
            raise Unfit(f"{WORLD} is damaged: {error}") from error
        return cls(Image.read(directory), memory, made)


@dataclass(frozen=True, slots=True)
class KeptWorlds:
    """The place where the world of one order is looked for, and kept.

    Attributes:
        store: Where snapshots are; None if there are to be none.
        key: Of the world; "" if there is none.
        why_not: Why there are none, for the report.
        found: The world, if it was made before.
    """

    store: Store | None = None
    key: str = ""
    why_not: str = ""
    found: Snapshot | None = None

    @classmethod
    def of(cls, target: Target, order: Order, wanted: Wanted) -> Self:
        """Look for the world of an order; a damaged one is removed."""
        settings = order.settings
        if not settings.snapshot:
            return cls(why_not="not kept: the settings say so")
        if target.url:
            return cls(why_not="not kept: the app runs elsewhere")
        if target.fresh == "keep":
            return cls(why_not="not kept: the app keeps its state in memory")
        try:
            directory = (settings.cache or default_cache()) / "snapshots"
            store = Store.opened(directory)
            key = world_key(target, order, wanted)
        except (PostgresError, ResourceError) as error:
            return cls(why_not=f"not kept: {error.message}")
        place = store.find(key)
        if place is not None:
            try:
                return cls(store, key, found=Snapshot.read(place))
            except Unfit:
                store.discard(key)
        return cls(store, key)

    @property
    def image(self) -> Image | None:
        """The data directory to begin with, if there is one."""
        return self.found.image if self.found else None

    def usable(self, pg: Postgres | None) -> Snapshot | None:
        """Return the world if a server came up with it; else it is removed."""
        if self.found is None or pg is None or self.store is None:
            return None
        if pg.restored:
            return self.found
        if pg.source == "embedded":
            self.store.discard(self.key)
        return None

    def origin(self, snapshot: Snapshot) -> str:
        """Say where a world comes from."""
        when = f"{snapshot.made:%Y-%m-%d %H:%M} UTC"
        return f"from the snapshot {self.key[:12]} of {when}"

    async def keep(
        self, pg: Postgres | None, scene: Scene, world: World, catalogue: Catalogue
    ) -> str:
        """Keep a world that was just made; the app must be down.

        The server is shut down for a moment, and comes back at the same address.

        Returns:
            What came of it. That it could not be kept ends no run.

        Raises:
            PostgresError: The server does not come back.
        """
        if self.store is None or pg is None:
            return self.why_not
        if pg.resting is None:
            return f"not kept: Postgres is not the embedded one, but by {pg.source}"
        memory = remember(scene, world, catalogue)
        telltales = _telltales(pg, scene.environment)
        if any(one.encode() in memory for one in telltales):
            return "not kept: what is known of it holds addresses of this run"
        try:
            return await self._written(pg, scene, memory, telltales)
        except Unfit as error:
            return f"not kept: {error}"
        except OSError as error:
            full = "the disk is full" if error.errno in FULL else error.strerror
            return f"not kept: {full}"

    async def _written(
        self, pg: Postgres, scene: Scene, memory: bytes, telltales: Collection[str]
    ) -> str:
        if self.store is None or pg.resting is None:
            return self.why_not
        async with pg.resting() as resting:
            with self.store.writing(self.key) as draft:
                if draft is None:
                    return "not kept: another run is keeping the same"
                database = scene.dsn.rpartition("/")[2].partition("?")[0]
                await save_image(resting, draft, database=database, telltales=telltales)
                (draft / WORLD).write_bytes(memory)
        return f"kept as the snapshot {self.key[:12]}"


def database_of(snapshot: Snapshot, pg: Postgres) -> Database:
    """Return the app's database on a server that came up with a snapshot."""
    name = snapshot.image.database
    return Database(name, pg.dsn_of(name), pg)


def _telltales(pg: Postgres, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the texts that make data useless to any other run."""
    own = [pg.password, f"{pg.host}:{pg.port}"]
    own += [value for value in environment.values() if "://127.0.0.1:" in value]
    return tuple(text for text in dict.fromkeys(own) if len(text) >= _SHORTEST)
