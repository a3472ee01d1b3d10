"""The tap on pools and connections: who uses what was opened for one tenant.

What is opened while an initialiser runs is its tenant's, and so is each connection that
such a pool opens later. What is opened outside of any, say in a task that keeps pools
awake, may still say whose it is: a connection that logs in as a tenant's role, to its
database or with its search path. Else it is nobody's, and it is only told of who wants
something of a pool that is closed.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, final
from weakref import WeakKeyDictionary

from harness.model.boot import Condition, Stage
from harness.observe.owning import POOL, Opening, Owned, handled_for, opening_now
from harness.observe.patching import Patch, patched_on_import
from harness.recording.context import EXCHANGE

Function = Callable[..., Any]

_POOL: Final = "asyncpg.pool:Pool"
_CONNECTION: Final = "asyncpg.connection:Connection"
_SQLALCHEMY: Final = "sqlalchemy.pool.base:Pool"
_NOBODYS: Final = Owned(0, None)
_NO_CALL: Final = Opening(what="", run=0, key="", stage=Stage.READY)


@dataclass(frozen=True, slots=True)
class Use:
    """A use of a pool or a connection.

    Attributes:
        at: `time.monotonic`.
        what: Import string of the initialiser that it was opened in; "" if in none.
        run: The initialiser's call; 0 without.
        key: What that call said for the tenant; outside of any, what the connection
            says of itself, in lines.
        exchange: Id of the request in which it was used; 0 outside of any.
        state: What was to be said of it then.
        resource: Tells resources apart; connections of a pool are that pool.
        form: ``pool`` or ``connection``.
        during: What the initialiser, or what closes its resource, was told of the
            tenant that was running and used it; "" outside of any.
    """

    at: float
    what: str
    run: int
    key: str
    exchange: int
    state: Condition
    resource: int
    form: str
    during: str


Sink = Callable[[Use], None]


@contextlib.contextmanager
def resources_tapped(sink: Sink) -> Iterator[None]:
    """Tell of each use of pools and connections that belong to one tenant.

    Pools of asyncpg and of SQLAlchemy are seen, and connections of asyncpg, whoever
    opens them. What is like another use in the same request is told once. It raises
    nothing into the app, leaves both libraries as they were, and imports neither.

    Args:
        sink: Hears of each, on the thread that it happens on.
    """
    with patched_on_import(tuple(_Tap(sink).patches())):
        yield


@final
class _Tap:
    """Knows what belongs to whom, and tells of its uses."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._numbers = itertools.count(1)
        # Pools of asyncpg cannot be referred to weakly. Each is entered when it is
        # made, so that none takes over what another at its address had been.
        self._pools: dict[int, Owned] = {}
        self._connections: WeakKeyDictionary[Any, Owned] = WeakKeyDictionary()
        self._users: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._told: set[tuple[int, int, Condition, str, str]] = set()

    def patches(self) -> Iterator[Patch]:
        yield Patch(f"{_POOL}.__init__", self._making)
        yield Patch(f"{_POOL}._get_new_connection", self._connecting)
        yield Patch(f"{_POOL}._acquire", self._acquiring)
        yield Patch(f"{_POOL}.release", self._releasing)
        yield Patch(f"{_CONNECTION}.__init__", self._opening)
        yield Patch(f"{_CONNECTION}._check_open", self._using)
        yield Patch(f"{_CONNECTION}.close", self._closing)
        yield Patch(f"{_CONNECTION}.terminate", self._terminating)
        yield Patch(f"{_SQLALCHEMY}.__init__", self._making)
        yield Patch(f"{_SQLALCHEMY}.connect", self._checking_out)

    # Pools.

    def _making(self, init: Function) -> Function:
        @functools.wraps(init)
        def made(pool: Any, *args: Any, **kwargs: Any) -> None:
            init(pool, *args, **kwargs)
            with contextlib.suppress(Exception):
                opening = opening_now()
                self._pools[id(pool)] = Owned(next(self._numbers), opening)

        return made

    def _connecting(self, connect: Function) -> Function:
        @functools.wraps(connect)
        async def connected(pool: Any) -> Any:
            with self._for(pool):
                return await connect(pool)

        return connected

    def _acquiring(self, acquire: Function) -> Function:
        @functools.wraps(acquire)
        async def acquired(pool: Any, *args: Any, **kwargs: Any) -> Any:
            owned = self._pools.get(id(pool), _NOBODYS)
            self._tell(owned, "pool", lambda: bool(pool.is_closing()))
            proxy = await acquire(pool, *args, **kwargs)
            with contextlib.suppress(Exception):
                is_known = _bare(proxy) in self._connections
                if is_known and EXCHANGE.get() and not handled_for():
                    self._users[_bare(proxy)] = EXCHANGE.get()
            return proxy

        return acquired

    def _releasing(self, release: Function) -> Function:
        @functools.wraps(release)
        async def released(
            pool: Any, connection: Any, *args: Any, **kwargs: Any
        ) -> Any:
            with contextlib.suppress(Exception):
                self._users.pop(_bare(connection), None)
            return await release(pool, connection, *args, **kwargs)

        return released

    def _checking_out(self, connect: Function) -> Function:
        @functools.wraps(connect)
        def connected(pool: Any) -> Any:
            self._tell(self._pools.get(id(pool), _NOBODYS), "pool", lambda: None)
            with self._for(pool):
                return connect(pool)

        return connected

    @contextlib.contextmanager
    def _for(self, pool: Any) -> Iterator[None]:
        """Have what is opened in the block belong to whom the pool belongs to."""
        token = POOL.set(self._pools.get(id(pool), _NOBODYS))
        try:
            yield
        finally:
            with contextlib.suppress(ValueError):
                POOL.reset(token)

    # Connections.

    def _opening(self, init: Function) -> Function:
        @functools.wraps(init)
        def opened(connection: Any, *args: Any, **kwargs: Any) -> None:
            init(connection, *args, **kwargs)
            with contextlib.suppress(Exception):
                self._connections[connection] = self._owner(connection)

        return opened

    def _owner(self, connection: Any) -> Owned:
        pool = POOL.get() or Owned(next(self._numbers), opening_now())
        if pool.opening is not None:
            return pool
        number = pool.number or next(self._numbers)
        return Owned(number, None, _said_by(connection))

    def _using(self, check_open: Function) -> Function:
        @functools.wraps(check_open)
        def checked(connection: Any) -> Any:
            owned = self._connections.get(connection)
            if owned is not None:
                self._tell(owned, "connection", lambda: bool(connection.is_closed()))
            return check_open(connection)

        return checked

    def _closing(self, close: Function) -> Function:
        @functools.wraps(close)
        async def closed(connection: Any, *args: Any, **kwargs: Any) -> Any:
            self._torn(connection)
            return await close(connection, *args, **kwargs)

        return closed

    def _terminating(self, terminate: Function) -> Function:
        @functools.wraps(terminate)
        def terminated(connection: Any) -> Any:
            self._torn(connection)
            return terminate(connection)

        return terminated

    def _torn(self, connection: Any) -> None:
        """Tell of a connection that is closed while somebody else has it."""
        with contextlib.suppress(Exception):
            user = self._users.pop(connection, 0)
            owned = self._connections.get(connection)
            if user and owned is not None and user != EXCHANGE.get():
                self._report(owned, "connection", Condition.TORN, user, "")

    # Telling.

    def _tell(
        self, owned: Owned, form: str, is_closed: Callable[[], bool | None]
    ) -> None:
        with contextlib.suppress(Exception):
            state = _condition(owned.opening, closed=is_closed())
            tells = owned.opening is not None or owned.says
            if tells or state is Condition.CLOSED:
                self._report(owned, form, state, EXCHANGE.get(), handled_for())

    def _report(
        self, owned: Owned, form: str, state: Condition, exchange: int, during: str
    ) -> None:
        told = (owned.number, exchange, state, form, during)
        if told in self._told:
            return
        self._told.add(told)
        opening = owned.opening or _NO_CALL
        self._sink(
            Use(
                at=time.monotonic(),
                what=opening.what,
                run=opening.run,
                key=opening.key or owned.says,
                exchange=exchange,
                state=state,
                resource=owned.number,
                form=form,
                during=during,
            )
        )


def _bare(connection: Any) -> Any:
    """Return the connection that a pool's proxy stands for."""
    return getattr(connection, "_con", None) or connection


def _said_by(connection: Any) -> str:
    """Return what a connection told the server of itself, in lines; no password."""
    told = connection._params  # noqa: SLF001 - it tells nobody else
    settings = told.server_settings or {}
    return "\n".join(str(one) for one in (told.user, told.database, *settings.values()))


def _condition(opening: Opening | None, *, closed: bool | None) -> Condition:
    """Return what is to be said of a resource.

    Args:
        opening: The call in which it was opened; None outside of any.
        closed: Whether it is closed; None if it does not say, and then it is once what
            that call made is closed. What is open may have been opened for longer.
    """
    stages = set((opening or _NO_CALL).stages)
    if closed or (closed is None and Stage.CLOSED in stages):
        return Condition.CLOSED
    if stages & {Stage.FAILED, Stage.CANCELLED}:
        return Condition.ABANDONED
    return Condition.OPENING if Stage.BEGUN in stages else Condition.READY
