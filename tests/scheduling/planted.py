"""Races planted into toy programs: what an app for many tenants gets wrong.

Each is one run of a program and a list that is filled when the bug shows. `CORRECT` are
programs that are right, whatever the order.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.scheduling.toy import Cancelled, Io, Spawn, Task, Toy, Until

Steps: TypeAlias = Generator[Io | Until | Spawn, None, Any]


@dataclass
class Pool:
    """A tenant's resource."""

    tenant: str
    ready: bool = True
    closed: bool = False


@dataclass
class World:
    """What the program's actors share.

    Attributes:
        length: How many operations it takes to open a pool.
    """

    length: int
    bad: list[str] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)
    cache: dict[str, Any] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)

    def open(self, tenant: str = "a") -> Steps:
        yield from ios(self.length)
        self.pools.append(Pool(tenant))
        return self.pools[-1]

    def lock(self, name: str) -> Steps:
        while name in self.held:
            yield Until(lambda: name not in self.held)
        self.held.add(name)

    def unlock(self, name: str) -> None:
        self.held.discard(name)

    def once(self) -> None:
        """Note it if a tenant's pool was opened twice."""
        if len([one for one in self.pools if one.tenant == "a"]) > 1:
            self.bad.append("opened twice")


Actors: TypeAlias = dict[str, Task]
Race: TypeAlias = Callable[[World], Actors]


def ios(count: int) -> Steps:
    for number in range(count):
        yield Io(f"step {number}")


def check_then_set(world: World, *, before: int = 0) -> Actors:
    def request(before: int) -> Task:
        yield from ios(1 + before)
        if "a" not in world.cache:
            world.cache["a"] = yield from world.open()
            world.once()
        yield Io("query")

    return {"request 1": request(0), "request 2": request(before)}


def check_then_set_after_a_slow_login(world: World) -> Actors:
    return check_then_set(world, before=world.length + 2)


def lock_released_between_check_and_act(world: World) -> Actors:
    def request(before: int) -> Task:
        yield from ios(1 + before)
        yield from world.lock("a")
        missing = "a" not in world.cache
        world.unlock("a")
        if missing:
            pool = yield from world.open()
            world.cache["a"] = pool
            world.once()
        yield Io("query")

    return {"request 1": request(0), "request 2": request(world.length + 2)}


def current_tenant_in_a_global(world: World) -> Actors:
    def request(tenant: str, before: int) -> Task:
        yield from ios(1 + before)
        world.cache["current"] = tenant
        yield Io("audit")
        if world.cache["current"] != tenant:
            world.bad.append("another tenant's")
        yield Io("query")

    return {
        "request 1": request("a", 0),
        "request 2": request("b", world.length + 1),
    }


def eviction_closes_a_pool_in_use(world: World) -> Actors:
    pool = world.cache["a"] = Pool("a")

    def request() -> Task:
        yield Io("arrive")
        mine = world.cache.get("a") or (yield from world.open())
        yield Io("acquire")
        if mine.closed:
            world.bad.append("used after close")

    def evict() -> Task:
        yield from ios(world.length + 1)
        world.cache.pop("a", None)
        yield Io("close")
        pool.closed = True

    return {"request 1": request(), "evict": evict(), "request 2": request()}


def entry_left_by_a_cancelled_initialiser(world: World) -> Actors:
    def request() -> Task:
        yield Io("arrive")
        entry = world.cache.get("a")
        if entry is None:
            entry = world.cache["a"] = {"pool": None, "failed": False}
            try:
                entry["pool"] = yield from world.open()
            except Cancelled:
                world.bad.append("left behind")
                raise
            except OSError:
                del world.cache["a"]
                entry["failed"] = True
                raise
        yield Until(lambda: bool(entry["pool"] or entry["failed"]))

    return {"request 1": request(), "request 2": request()}


def shared_task_without_shield(world: World) -> Actors:
    waiting: set[str] = set()

    def request(name: str, before: int) -> Task:
        yield from ios(1 + before)
        if "a" not in world.cache:
            world.cache["a"] = "opening"
            try:
                world.cache["a"] = yield from world.open()
            except Cancelled:
                if waiting:
                    world.bad.append("bystander cancelled")
                raise
        waiting.add(name)
        yield Until(lambda: world.cache["a"] != "opening")
        waiting.discard(name)
        yield Io("query")

    return {"request 1": request("1", 0), "request 2": request("2", 2)}


def failure_cached_for_ever(world: World) -> Actors:
    def request(before: int) -> Task:
        yield from ios(1 + before)
        if world.cache.get("a") == "failed":
            world.bad.append("refused later")
        elif "a" not in world.cache:
            try:
                world.cache["a"] = yield from world.open()
            except OSError:
                world.cache["a"] = "failed"

    return {"request 1": request(0), "request 2": request(world.length)}


def half_initialised_entry(world: World) -> Actors:
    def request(before: int) -> Task:
        yield from ios(1 + before)
        pool = world.cache.get("a")
        if pool is None:
            pool = yield from world.open()
            pool.ready = False
            world.cache["a"] = pool
            yield Io("migrate")
            pool.ready = True
        elif not pool.ready:
            world.bad.append("used before ready")
        yield Io("query")

    return {"request 1": request(0), "request 2": request(0)}


def older_flags_overwrite_newer(world: World) -> Actors:
    stored = {"flags": 1}
    seen: list[int] = []

    def refresh(before: int) -> Task:
        yield from ios(1 + before)
        value = stored["flags"]
        yield Io("answer")
        seen.append(value)
        if seen != sorted(seen):
            world.bad.append("older after newer")

    def change() -> Task:
        yield from ios(2)
        stored["flags"] = 2
        yield Io("commit")

    return {"refresh 1": refresh(0), "change": change(), "refresh 2": refresh(2)}


def reload_leaks_the_old_pool(world: World) -> Actors:
    world.pools.append(Pool("a"))
    world.cache["a"] = world.pools[0]

    def reload(before: int, *, last: list[int]) -> Task:
        yield from ios(1 + before)
        old = world.cache["a"]
        world.cache["a"] = yield from world.open()
        old.closed = True
        yield Io("close")
        last.append(1)
        if len(last) == 2 and sum(not one.closed for one in world.pools) > 1:
            world.bad.append("left open")

    last: list[int] = []
    return {
        "reload 1": reload(0, last=last),
        "reload 2": reload(2 * world.length, last=last),
    }


def event_set_before_the_value(world: World) -> Actors:
    def opener() -> Task:
        yield Io("arrive")
        pool = yield from world.open()
        world.cache["event"] = True
        yield Io("log")
        world.cache["a"] = pool

    def waiter() -> Task:
        yield Io("arrive")
        yield from ios(world.length + 3)
        yield Until(lambda: "event" in world.cache)
        if "a" not in world.cache:
            world.bad.append("nothing there")
        yield Io("query")

    return {"request 1": opener(), "request 2": waiter()}


def locks_in_opposite_order(world: World) -> Actors:
    def move(first: str, second: str, before: int) -> Task:
        yield from ios(1 + before)
        yield from world.lock(first)
        yield Io("read")
        if second in world.held and world.cache.get(second) == first:
            world.bad.append("deadlock")
            return
        world.cache[first] = second
        yield from world.lock(second)
        yield Io("write")
        world.cache.pop(first)
        world.unlock(second)
        world.unlock(first)

    return {
        "request 1": move("a", "b", 0),
        "request 2": move("b", "a", world.length + 1),
    }


def ready_before_the_last_tenant(world: World) -> Actors:
    def lifespan() -> Task:
        for tenant in "ab":
            yield from world.open(tenant)
        world.cache["ready"] = True
        yield from world.open("c")
        world.cache["all"] = True

    def request() -> Task:
        yield from ios(3 * world.length + 2)
        if "ready" in world.cache and "all" not in world.cache:
            world.bad.append("refused although ready")
        yield Io("query")

    return {"lifespan": lifespan(), "request 1": request()}


def stale_pool_after_a_reload(world: World) -> Actors:
    """Two orders: the reload between check and store, and a request after the store."""
    stored = {"secret": 1}

    def request(before: int) -> Task:
        yield from ios(1 + before)
        if "a" not in world.cache:
            secret = stored["secret"]
            yield from world.open()
            world.cache["a"] = secret
        secret = world.cache["a"]
        yield Io("query")
        if secret != stored["secret"] and "a" in world.cache and before:
            world.bad.append("an old secret")

    def reload() -> Task:
        yield from ios(2 * world.length)
        stored["secret"] = 2
        world.cache.pop("a", None)
        yield Io("told")

    return {
        "request 1": request(0),
        "reload": reload(),
        "request 2": request(2 * world.length + 2),
    }


def keyed_lock(world: World) -> Actors:
    def request() -> Task:
        yield Io("arrive")
        yield from world.lock("a")
        try:
            if "a" not in world.cache:
                world.cache["a"] = yield from world.open()
                world.once()
        finally:
            world.unlock("a")
        yield Io("query")

    return {"request 1": request(), "request 2": request(), "request 3": request()}


def single_flight(world: World) -> Actors:
    def opening() -> Task:
        try:
            world.cache["a"] = yield from world.open()
            world.once()
        except (Cancelled, OSError):
            del world.cache["a"]

    def request() -> Task:
        yield Io("arrive")
        if "a" not in world.cache:
            world.cache["a"] = None
            yield Spawn(opening())
        yield Until(lambda: world.cache.get("a", "gone") is not None)
        yield Io("query")

    return {"request 1": request(), "request 2": request(), "request 3": request()}


RACES: tuple[Race, ...] = (
    check_then_set,
    check_then_set_after_a_slow_login,
    lock_released_between_check_and_act,
    current_tenant_in_a_global,
    eviction_closes_a_pool_in_use,
    entry_left_by_a_cancelled_initialiser,
    shared_task_without_shield,
    failure_cached_for_ever,
    half_initialised_entry,
    older_flags_overwrite_newer,
    reload_leaks_the_old_pool,
    event_set_before_the_value,
    locks_in_opposite_order,
    ready_before_the_last_tenant,
    stale_pool_after_a_reload,
)
CORRECT: tuple[Race, ...] = (keyed_lock, single_flight)
ENDINGS: tuple[Race, ...] = (
    entry_left_by_a_cancelled_initialiser,
    shared_task_without_shield,
    failure_cached_for_ever,
)
"""Those that need an operation to be cancelled or to fail."""


def bystander() -> Task:
    """A request to a tenant that has nothing to do with it."""
    yield from ios(6)


def staged(
    race: Race, *, length: int = 3, bystanders: int = 0, endings: bool = True
) -> tuple[Toy, World]:
    """Return a run of a race, and the world that says afterwards whether it showed.

    Args:
        race: Which one.
        length: How many operations it takes to open a pool.
        bystanders: How many requests have nothing to do with it.
        endings: Whether each operation can be cancelled or fail.
    """
    world = World(length)
    actors = race(world)
    for number in range(bystanders):
        actors[f"bystander {number}"] = bystander()
    outcomes = dict.fromkeys(actors, ("cancel", "raise")) if endings else {}
    return Toy(actors, outcomes), world
