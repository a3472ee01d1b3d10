"""The stage: boots the app on a fresh state, as often as an exercise wants."""

from __future__ import annotations

from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from harness.errors import ProvisioningError
from harness.model.event import Audience, Exchange
from harness.model.history import History
from harness.model.step import Principal, Role, Step
from harness.provisioning.addresses import Addresses
from harness.provisioning.belongings import Belongings
from harness.provisioning.casting import as_person_of, log_in
from harness.provisioning.client import Client
from harness.provisioning.driver import Cast, Driver
from harness.provisioning.habits import Habits
from harness.provisioning.listeners import Listeners
from harness.provisioning.listening import listen
from harness.provisioning.tools import HookTools
from harness.target.login import FormLogin, JsonLogin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from harness.environment.outside import Outside
    from harness.hosting.hosted import Hosted
    from harness.model.canary import CanaryKey
    from harness.model.event import Event
    from harness.model.tenant import Tenant
    from harness.model.world import Access, World
    from harness.provisioning.catalogue import Catalogue
    from harness.provisioning.fields import Fields
    from harness.recording.recorder import Recorder
    from harness.target.operation import Operation
    from harness.target.target import Target


OWN_QUIET = 0.005
SERVED_QUIET = 0.03
"""Seconds that a message needs at most, here and through a network, as a rule."""
TRIES = 5
"""Readings that are tried to see whether a session still works."""


class State(Protocol):
    """The app's state, which can be set back."""

    async def restore(self) -> None:
        """Set it back to how it was when the world was made."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What all boots of one run have in common.

    Attributes:
        target: The app and how to talk to it.
        host: Starts the app; a new one each time.
        recorder: Where events go.
        key: Mints canaries.
        fields: Numbers the places that they are planted in.
        dsn: Of the app's database; "" if unknown.
        environment: Of the app and of commands that hooks run.
        on_server_error: Raises when the database is gone.
        outside: What runs beside the app for it to call; None if nothing does.
        addresses: Writes the URLs that requests carry.
        values: What templates of the app's variables can name.
        habits: What is learnt of how the app's operations behave.
    """

    target: Target
    host: Callable[[], AbstractAsyncContextManager[Hosted]]
    recorder: Recorder
    key: CanaryKey
    fields: Fields
    dsn: str
    environment: Mapping[str, str]
    on_server_error: Callable[[], Awaitable[None]]
    outside: Outside | None = None
    addresses: Addresses = field(default_factory=Addresses)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    habits: Habits = field(default_factory=Habits)

    def client(self, hosted: Hosted, listeners: Listeners | None = None) -> Client:
        """Return a client of a running app.

        Args:
            hosted: The app.
            listeners: Keep streams and sockets open; without any they are left.
        """
        return Client(
            hosted,
            self.recorder,
            key=self.key,
            on_server_error=self.on_server_error,
            habits=self.habits,
            listeners=listeners,
        )

    def listeners(self, hosted: Hosted) -> Listeners:
        """Return those who listen to a running app."""
        quiet = SERVED_QUIET if hosted.url else OWN_QUIET
        return Listeners(self.recorder, self.habits, quiet=quiet)

    def tools(
        self,
        client: Client,
        actor: Tenant | None,
        role: Role,
        *,
        person: int | None = None,
        secrets: Sequence[str] = (),
    ) -> HookTools:
        """Return the tools that a hook gets.

        Args:
            client: Of the running app.
            actor: The tenant that it is called for; None for many at once.
            role: PROVISION or LOGIN.
            person: Whose user acts, if not the tenant's own.
            secrets: What messages must not show, beside the actor's password.
        """
        own = None if actor is None else actor.index
        return HookTools(
            client,
            self.target,
            dsn=self.dsn,
            outside=self.outside,
            environment=self.environment,
            principal=Principal(own if person is None else person, own),
            role=role,
            secrets=(*secrets, *actor.secrets) if actor else secrets,
        )

    def driver(
        self,
        client: Client,
        catalogue: Catalogue,
        world: World,
        *,
        credentials: list[Access] | None = None,
    ) -> Driver:
        """Return a driver for a running app that holds a world.

        Args:
            client: Sends and records.
            catalogue: What can be asked of the app.
            world: Who is there.
            credentials: Of each tenant, where several drivers have them in common.
        """
        if credentials is None:
            credentials = list(world.credentials)

        async def renew(tenant: int) -> Access:
            tools = self.tools(client, world.tenants[tenant], Role.LOGIN)
            return await log_in(self.target, tools, world.tenants[tenant])

        async def borrow(tenant: int, door: int) -> Access:
            person = as_person_of(world.tenants[door], world.tenants[tenant])
            tools = self.tools(client, person, Role.LOGIN, person=tenant)
            return await log_in(self.target, tools, person)

        def starve(tenant: int) -> AbstractContextManager[None]:
            if self.outside is None or tenant >= len(world.tenants):
                return nullcontext()
            return self.outside.provider.used_up(world.tenants[tenant].provider_key)

        return Driver(
            client,
            catalogue,
            Cast(world.tenants, credentials, renew, borrow),
            Belongings.of(world.objects),
            selector=self.target.selector,
            key=self.key,
            recorder=self.recorder,
            fields=self.fields,
            addresses=self.addresses,
            habits=self.habits,
            starve=starve,
        )


class Stage:
    """Boots the app on the state in which its world was made.

    Args:
        scene: What all boots have in common.
        catalogue: What can be asked of the app.
        world: Who is in it, and what they own.
        state: Sets the state back.
    """

    def __init__(
        self, scene: Scene, catalogue: Catalogue, world: World, state: State
    ) -> None:
        self.catalogue = catalogue
        self.world = world
        self.recorder = scene.recorder
        self._scene = scene
        self._state = state
        self._sessions_last: bool | None = None

    @property
    def separable(self) -> bool:
        """Whether credential and tenant selector can be mixed."""
        return self._scene.target.selector.separable

    @property
    def doors(self) -> bool:
        """Whether a tenant's user can be tried at another tenant's login."""
        # Other logins mint what they send: that works at any door and tells nothing.
        asks = isinstance(self._scene.target.login, FormLogin | JsonLogin)
        return self.separable and asks

    @property
    def renewed(self) -> bool:
        """Whether each boot starts the app anew, with nothing in its memory."""
        return self._scene.target.fresh != "keep" and bool(self._scene.target.app)

    @property
    def sessions_last(self) -> bool:
        """Whether logins outlive a restart of the app, as far as one was seen."""
        return self._sessions_last is not False

    @asynccontextmanager
    async def boot(self) -> AsyncIterator[Driver]:
        """Set the state back, start the app, and stop it again."""
        await self._state.restore()
        async with self._scene.host() as hosted:
            async with self._scene.listeners(hosted) as listeners:
                driver = await self._begin(hosted, listeners)
                await listen(driver, listeners, self._scene.habits)
                yield driver
                await driver.scrape()
            if self._scene.target.fresh == "keep":
                self._keep(driver)

    async def _begin(self, hosted: Hosted, listeners: Listeners) -> Driver:
        await hosted.send_beacons(self._scene.key)
        client = self._scene.client(hosted, listeners)
        driver = self._scene.driver(client, self.catalogue, self.world)
        if self._sessions_last is None:
            self._sessions_last = await _sessions_last(driver)
        if not self._sessions_last:
            await _renew_all(driver)
        return driver

    def _keep(self, driver: Driver) -> None:
        """Take over what has become of a world that nobody sets back."""
        owned = (driver.belongings.listed(t.index) for t in self.world.tenants)
        credentials = tuple(driver.cast.credentials)
        self.world = replace(self.world, objects=tuple(owned), credentials=credentials)

    def history(self, events: tuple[Event, ...]) -> History:
        """Return events as a history that checkers can judge."""
        tenants = self.world.tenants
        return History(
            events=events,
            fields=dict(self._scene.fields.table),
            knows={tenant.index: tenant.knows for tenant in tenants},
            labelled_loggers=frozenset(self._scene.target.labelled_loggers),
        )


async def _renew_all(driver: Driver) -> None:
    for tenant in driver.cast.tenants:
        try:
            renewed = await driver.cast.renew(tenant.index)
        except ProvisioningError as error:
            message = f"After a restart of the app: {error.message}"
            hint = "Does the app keep its tenants and users in the database?"
            raise ProvisioningError(message, hint=hint) from error
        driver.cast.credentials[tenant.index] = renewed


async def _sessions_last(driver: Driver) -> bool:
    """Whether what was logged in before still works after the app was restarted."""
    before = driver.cast.credentials[0]
    if not before.headers:
        return True
    for operation in simple_readings(driver)[:TRIES]:
        step = Step(operation.key, Principal(0, 0), 0, Role.REREAD)
        outcome = await driver.make(step)
        # A fresh login may well give the same token again.
        if driver.cast.credentials[0] is not before:
            return False
        if isinstance(outcome, Exchange) and outcome.succeeded:
            return True
    return False


def simple_readings(driver: Driver) -> list[Operation]:
    """Return the readings for tenants that need no object."""
    return [
        operation
        for operation in driver.catalogue.operations.values()
        if operation.method == "GET"
        and operation.audience is Audience.TENANT
        and not operation.skipped
        and not driver.catalogue.resources.needs(operation)
    ]


def simple_writings(driver: Driver) -> list[Operation]:
    """Return what changes something for tenants, and needs no object.

    Not what is told an address to call: its answer comes from elsewhere.
    """
    return [
        operation
        for operation in driver.catalogue.operations.values()
        if operation.mutates
        and operation.method != "DELETE"
        and operation.audience is Audience.TENANT
        and operation.socket is None
        and not operation.skipped
        and not driver.catalogue.resources.needs(operation)
        and not driver.carries_address(operation)
    ]
