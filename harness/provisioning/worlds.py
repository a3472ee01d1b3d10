"""Makes a world out of a target, and keeps it in a file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from harness.errors import SchemaError, UsageError
from harness.model.event import Audience, Note
from harness.model.step import Principal, Role
from harness.model.world import World
from harness.provisioning.catalogue import (
    CASES,
    Catalogue,
    make_catalogue,
    read_document,
)
from harness.provisioning.client import Call, Client, Meaning
from harness.provisioning.crowd import cast_crowd
from harness.provisioning.preparing import addresses_of, entry_of, prepare
from harness.provisioning.seeding import naming_addresses
from harness.provisioning.seeding import seed as plant_seeds
from harness.target.selector import Selection
from harness.target.target import matches

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from harness.model.tenant import Tenant
    from harness.model.world import Access
    from harness.provisioning.driver import Driver
    from harness.provisioning.stage import Scene

_ADAPTER = TypeAdapter(World)
OWNER_ONLY = 0o600


async def make_world(
    scene: Scene,
    *,
    tenants: int,
    seed: int,
    seeded: int | None = None,
    logins: bool = True,
    bare: bool = False,
    requests: bool = False,
    cases: int = CASES,
) -> tuple[World, Catalogue]:
    """Boot the app once: make tenants, log them in, find operations, seed.

    Args:
        scene: The target, and how to boot it.
        tenants: How many; of more than 26 only two have hostile names.
        seed: Of the generated request data.
        seeded: How many of the first tenants get objects; None for all.
        logins: Whether each tenant's user has to be logged in; else only those are
            for which it takes no further effort.
        bare: Whether to leave out the objects that name an address of this run, such
            as webhooks: another run can go on with such a world, and furnish it.
        requests: Whether to try out and write down what tenants can ask.
        cases: How many requests of each operation there are to choose from, at most.

    Returns:
        The world, and what can be asked of the app. Whatever the harness mints is the
        same for the same key; ids are the app's to give.

    Raises:
        ProvisioningError: A tenant could not be made or logged in.
        SchemaError: The OpenAPI document is missing or broken.
    """
    async with scene.host() as hosted:
        client = scene.client(hosted)
        owners = owning(tenants, seeded)
        people, credentials = await cast_crowd(
            scene, client, tenants, entered=tenants if logins else owners
        )
        document = await _document(scene, client, people, credentials)
        catalogue = catalogue_of(scene, document, people, seed=seed, cases=cases)
        world = World(
            url=hosted.url,
            key=scene.key.hex(),
            tenants=tuple(people),
            credentials=tuple(credentials),
            objects=tuple(() for _ in people),
            fields={},
            addresses=addresses_of(scene.target.selector, people),
            entry=entry_of(scene.target.login),
        )
        driver = scene.driver(client, catalogue, world)
        # To tell which they are takes requests of all operations, and those seconds.
        told = bare and (owners > 0 or requests)
        deferred = naming_addresses(driver) if told else frozenset[str]()
        world = replace(world, deferred=tuple(sorted(deferred)))
        return await planted(
            scene,
            driver,
            world,
            tenants=owners,
            among=catalogue.operations.keys() - deferred,
            requests=requests,
        ), catalogue


def owning(tenants: int, seeded: int | None) -> int:
    """Return how many of a world's tenants get objects, if so many are to."""
    return tenants if seeded is None else min(seeded, tenants)


async def planted(
    scene: Scene,
    driver: Driver,
    world: World,
    *,
    tenants: int,
    among: Collection[str],
    requests: bool,
) -> World:
    """Seed a world, and write down what its tenants can ask.

    Args:
        scene: The target.
        driver: Of the running app.
        world: The world so far.
        tenants: How many of the first tenants get objects.
        among: Keys of the operations to make.
        requests: Whether to write requests down.
    """
    await plant_seeds(driver, tenants=tenants, among=among)
    prepared = await prepare(driver, scene, among) if requests else ()
    return replace(
        world,
        credentials=tuple(driver.cast.credentials),
        objects=tuple(driver.belongings.listed(one.index) for one in world.tenants),
        fields=dict(scene.fields.table),
        requests=(*world.requests, *prepared),
    )


def catalogue_of(
    scene: Scene,
    document: bytes,
    people: Sequence[Tenant],
    *,
    seed: int,
    cases: int = CASES,
) -> Catalogue:
    """Return what the app offers, and tell the recorder of it.

    Args:
        scene: The target.
        document: The app's OpenAPI document; b"" if there is none.
        people: The tenants.
        seed: Of the generated request data.
        cases: How many requests of each operation, at most.

    Raises:
        SchemaError: The document is broken.
    """

    def cut_off(operation: str) -> None:
        text = f"drawing requests for {operation} was cut off: other runs may differ"
        scene.recorder.add(Note("note", text))

    chosen = scene.target.selector.select(people[0]) if people else None
    catalogue = make_catalogue(
        scene.target,
        document,
        seed=seed,
        tenant_parameters=chosen.parameters if chosen else (),
        cases=cases,
        cut_off=cut_off,
    )
    catalogue.declare(scene.recorder)
    _tell_of_vain_patterns(scene, catalogue)
    return catalogue


def _tell_of_vain_patterns(scene: Scene, catalogue: Catalogue) -> None:
    """Note the patterns of the target that name no operation: likely mistyped."""
    for name in ("public", "shared", "operator", "skip"):
        for pattern in getattr(scene.target, name):
            known = catalogue.operations.values()
            if not any(matches(pattern, one.method, one.path) for one in known):
                text = f"Target.{name} has {pattern!r}, which names no operation"
                scene.recorder.add(Note("note", text))


async def _document(
    scene: Scene, client: Client, people: list[Tenant], credentials: list[Access]
) -> bytes:
    """Fetch the OpenAPI document: as nobody, else as a tenant, else logged in."""
    path = scene.target.openapi
    if not path:
        return b""
    if not path.startswith("/") or Path(path).is_file():
        return read_document(path)
    outcome = "no answer"
    for call, principal in _ways(scene, path, people, credentials):
        meaning = Meaning(f"GET {path}", principal, Role.PROVISION, Audience.SHARED)
        reply = await client.send(call, meaning)
        if reply.exchange.succeeded:
            return reply.answer.content
        outcome = reply.exchange.failure or str(reply.answer.status)
    message = f"The app does not give out its OpenAPI document: GET {path} → {outcome}."
    hint = "Set Target.openapi to its path or to a file; or to '' and list operations."
    raise SchemaError(message, hint=hint)


def _ways(
    scene: Scene, path: str, people: list[Tenant], credentials: list[Access]
) -> Iterator[tuple[Call, Principal]]:
    select = scene.target.selector.select
    nobody = select(None) or Selection()
    yield Call("GET", path, host=nobody.host), Principal(None, None)
    if people:
        chosen = select(people[0]) or Selection()
        bare = Call("GET", chosen.prefix + path, host=chosen.host)
        bare = replace(bare, headers=chosen.headers)
        yield bare, Principal(None, 0)
        headers = (*chosen.headers, *credentials[0].headers)
        yield replace(bare, headers=headers), Principal(0, 0)


def write_world(path: Path, world: World) -> None:
    """Write a world to a file that only its owner can read: it holds secrets."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, OWNER_ONLY)  # it may have been there before
        file.write(_ADAPTER.dump_json(world, indent=1))


def read_world(path: Path) -> World:
    """Read a world back.

    Raises:
        UsageError: There is no such file, or it is no world.
    """
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except OSError as error:
        message = f"The world {path} cannot be read: {error.strerror}."
        raise UsageError(message) from error
    except ValidationError as error:
        message = f"{path} is not a world: {error.error_count()} fields are wrong."
        hint = "It may come from another version of the harness; make a new run."
        raise UsageError(message, hint=hint) from error
