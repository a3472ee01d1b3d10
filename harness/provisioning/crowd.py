"""Crowds: brings many tenants about, in batches and some at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import TargetError
from harness.model.step import Role
from harness.model.world import Access
from harness.provisioning.casting import (
    cast_tenants,
    hook_failures,
    log_in,
    provision_one,
    with_facts,
)
from harness.provisioning.parallel import in_parallel
from harness.provisioning.people import mint_tenant

if TYPE_CHECKING:
    from harness.model.tenant import Tenant
    from harness.provisioning.client import Client
    from harness.provisioning.stage import Scene
    from harness.target.target import ProvisionMany

FEW = 26
"""Up to so many, tenants come one after the other, most with hostile names."""
LEADERS = 4
"""Of a crowd, so many come first, as of a few: two plain and two hostile ones."""
WIDTH = 8
"""Tenants of a crowd that are made, or logged in, at the same time."""
BATCH = 2000
"""Tenants that the target's batch hook gets at once."""


async def cast_crowd(
    scene: Scene, client: Client, count: int, *, entered: int
) -> tuple[list[Tenant], list[Access]]:
    """Make tenants, whether a few or thousands, and log some of them in.

    Args:
        scene: The target.
        client: Of the running app.
        count: How many.
        entered: How many of the first ones have to be logged in; of a few all are.

    Returns:
        Tenants in the order of their index, and what authenticates each: an empty
        access for those that are not logged in.

    Raises:
        ProvisioningError: The step that failed is named.
    """
    tenants, credentials = await cast_tenants(
        scene, client, count if count <= FEW else LEADERS
    )
    plain = [
        mint_tenant(scene.key, index, domain=scene.target.domain)
        for index in range(len(tenants), count)
    ]
    tenants += await _provisioned(scene, client, plain)
    outside = tenants[len(credentials) : max(entered, len(credentials))]
    credentials += await log_in_all(scene, client, outside)
    credentials += [Access()] * (count - len(credentials))
    return tenants, credentials


async def log_in_all(
    scene: Scene, client: Client, tenants: Sequence[Tenant]
) -> list[Access]:
    """Log tenants' users in, some at a time, and return what each got.

    Raises:
        ProvisioningError: One could not be; the message says who and why.
    """

    async def enter(tenant: Tenant) -> Access:
        tools = scene.tools(client, tenant, Role.LOGIN)
        return await log_in(scene.target, tools, tenant)

    return await in_parallel(enter, tenants, width=WIDTH)


async def _provisioned(
    scene: Scene, client: Client, plain: Sequence[Tenant]
) -> list[Tenant]:
    hook = scene.target.provision_many
    if hook is None:

        async def make(tenant: Tenant) -> Tenant:
            return await provision_one(scene, client, tenant)

        return await in_parallel(make, plain, width=WIDTH)
    made: list[Tenant] = []
    for start in range(0, len(plain), BATCH):
        made += await _batch(scene, client, hook, plain[start : start + BATCH])
    return made


async def _batch(
    scene: Scene, client: Client, hook: ProvisionMany, tenants: Sequence[Tenant]
) -> list[Tenant]:
    """Have the target's batch hook make tenants."""
    secrets = tuple(one for tenant in tenants for one in tenant.secrets)
    step = f"provision the tenants {tenants[0].alias} to {tenants[-1].alias}"
    tools = scene.tools(client, None, Role.PROVISION, secrets=secrets)
    with hook_failures(step, "provision_many", secrets):
        found: object = await hook(tools, tenants)
    return [
        with_facts(scene, tenant, facts)
        for tenant, facts in zip(tenants, _facts(found, len(tenants)), strict=True)
    ]


def _facts(found: object, count: int) -> Sequence[object]:
    """Return what the hook told of each tenant.

    Raises:
        TargetError: It did not tell of as many as there are.
    """
    if found is None:
        return [None] * count
    if isinstance(found, Sequence) and not isinstance(found, str):
        if len(found) == count:
            return found
        told = f"{len(found)} facts"
    else:
        told = f"a {type(found).__name__}"
    message = f"The target's provision_many hook returned {told} for {count} tenants."
    hint = "Return one mapping of facts per tenant, in their order, or nothing."
    raise TargetError(message, hint=hint)
