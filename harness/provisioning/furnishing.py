"""Furnishing: gives a world what is of this run alone, and no snapshot can hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.model.world import Access
from harness.provisioning.crowd import log_in_all
from harness.provisioning.worlds import owning, planted

if TYPE_CHECKING:
    from harness.hosting.hosted import Hosted
    from harness.model.world import World
    from harness.provisioning.catalogue import Catalogue
    from harness.provisioning.stage import Scene


async def furnish(
    scene: Scene,
    hosted: Hosted,
    world: World,
    catalogue: Catalogue,
    *,
    seeded: int | None = None,
) -> World:
    """Log users in, and make and prepare what names addresses of this run.

    Where a user can log in by a request that can be prepared, only those who own
    something are logged in: the others do it when they come.

    Args:
        scene: The target.
        hosted: The app, running on the world.
        world: As `make_world` made it bare, or as it was recalled.
        catalogue: What can be asked of the app.
        seeded: How many of the first tenants got objects; None for all.

    Returns:
        The world, with all that tenants can ask.

    Raises:
        ProvisioningError: A tenant could not be logged in.
    """
    client = scene.client(hosted)
    owners = owning(len(world.tenants), seeded)
    entered = len(world.tenants) if world.entry is None else owners
    credentials = await log_in_all(scene, client, world.tenants[:entered])
    credentials += [Access()] * (len(world.tenants) - entered)
    world = replace(world, url=hosted.url, credentials=tuple(credentials))
    driver = scene.driver(client, catalogue, world)
    return await planted(
        scene,
        driver,
        replace(world, deferred=()),
        tenants=owners,
        among=world.deferred,
        requests=True,
    )
