"""A world as it is kept beside the data that belong to it, and taken up again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from harness.errors import UsageError
from harness.model.event import Note, Unseen
from harness.model.world import Access, World
from harness.provisioning.casting import learn_names
from harness.provisioning.crowd import log_in_all
from harness.provisioning.worlds import catalogue_of

if TYPE_CHECKING:
    from harness.provisioning.catalogue import Catalogue
    from harness.provisioning.stage import Scene


@dataclass(frozen=True, slots=True)
class Memory:
    """What a run knows of the world that it made.

    Attributes:
        world: Without credentials, which expire, or which the app forgets.
        document: The app's OpenAPI document.
        planted: Tenant and field of each canary in the data.
        forms: In which forms.
        told: What provisioning noted, and what it could not do.
    """

    world: World
    document: str = field(repr=False)
    planted: tuple[tuple[int, int], ...]
    forms: tuple[str, ...]
    told: tuple[Note | Unseen, ...]


_ADAPTER = TypeAdapter(Memory)


def remember(scene: Scene, world: World, catalogue: Catalogue) -> bytes:
    """Write down a world that was just made."""
    scanner = scene.recorder.scanner
    memory = Memory(
        world=replace(world, url="", credentials=()),
        document=catalogue.document.decode("utf-8", "replace"),
        planted=scanner.planted,
        forms=tuple(sorted(scanner.forms)),
        told=tuple(
            event
            for event in scene.recorder.since()
            if isinstance(event, Note | Unseen)
        ),
    )
    return _ADAPTER.dump_json(memory)


def read_memory(data: bytes) -> Memory:
    """Read what `remember` returned.

    Raises:
        UsageError: That is no memory of a world.
    """
    try:
        return _ADAPTER.validate_json(data)
    except ValidationError as error:
        message = (
            f"A kept world cannot be read: {error.error_count()} fields are wrong."
        )
        raise UsageError(message) from error


async def recall(
    scene: Scene, memory: Memory, *, seed: int, logins: bool
) -> tuple[World, Catalogue]:
    """Take up a world that was written down, on the data that belong to it.

    The app is booted only to log users in.

    Args:
        scene: The target; nobody has used it yet.
        memory: What is known of the world.
        seed: Of the generated request data.
        logins: Whether the tenants' users have to be logged in.

    Raises:
        ProvisioningError: A tenant could not be logged in.
    """
    world = memory.world
    _learn(scene, memory)
    catalogue = catalogue_of(scene, memory.document.encode(), world.tenants, seed=seed)
    credentials = [Access()] * len(world.tenants)
    if logins and scene.target.login is not None:
        async with scene.host() as hosted:
            client = scene.client(hosted)
            credentials = await log_in_all(scene, client, world.tenants)
    return replace(world, credentials=tuple(credentials)), catalogue


def _learn(scene: Scene, memory: Memory) -> None:
    """Let the scene know all that it would if it had made the world."""
    scene.fields.adopt(memory.world.fields)
    for form in memory.forms:
        for owner, number in memory.planted:
            scene.recorder.scanner.plant(owner, number, form=form)
    for tenant in memory.world.tenants:
        learn_names(scene, tenant)
    for event in memory.told:
        scene.recorder.add(event)
