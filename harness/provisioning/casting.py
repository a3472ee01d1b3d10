"""Casting: brings tenants about, one after the other, and logs them in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import HarnessError, ProvisioningError
from harness.model.event import Note
from harness.model.step import Role
from harness.model.tenant import alias
from harness.model.world import Access
from harness.provisioning.people import mint_tenant, with_hostile_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model.tenant import Tenant
    from harness.provisioning.client import Client
    from harness.provisioning.stage import Scene
    from harness.target.target import Target
    from harness.target.tools import Tools

PLAIN = 2
"""How many tenants have plain names before the hostile ones begin."""

SCHEMAS = (
    "select nspname from pg_namespace"
    " where nspname !~ '^pg_' and nspname <> 'information_schema'"
    " and has_schema_privilege(oid, 'usage') order by oid"
)


async def cast_tenants(
    scene: Scene, client: Client, count: int
) -> tuple[list[Tenant], list[Access]]:
    """Make tenants and log each in.

    Raises:
        ProvisioningError: The step that failed is named.
    """
    tenants: list[Tenant] = []
    credentials: list[Access] = []
    reached = ""
    for index in range(count):
        before = await _schemas(scene, client) if index == 0 else []
        tenant = mint_tenant(scene.key, index, domain=scene.target.domain)
        if index >= PLAIN and scene.target.hostile_names:
            tenant = await _hostile(scene, client, tenant, reached)
        else:
            tenant = await _provision(scene, client, tenant)
        if index == 0:
            made = [s for s in await _schemas(scene, client) if s not in before]
            reached = made[0] if made else ""
        tenants.append(tenant)
        tools = scene.tools(client, tenant, Role.LOGIN)
        credentials.append(await log_in(scene.target, tools, tenant))
    return tenants, credentials


async def _schemas(scene: Scene, client: Client) -> Sequence[str]:
    if not scene.dsn:
        return []
    nobody = mint_tenant(scene.key, 0, domain=scene.target.domain)
    rows = await scene.tools(client, nobody, Role.PROVISION).sql(SCHEMAS)
    return [str(row["nspname"]) for row in rows]


async def _hostile(scene: Scene, client: Client, plain: Tenant, schema: str) -> Tenant:
    """Make a tenant with a hostile name; with its plain one if that is refused."""
    hostile = with_hostile_name(plain, schema, scene.recorder.scanner)
    try:
        return await _provision(scene, client, hostile)
    except ProvisioningError as error:
        text = f"Tenant {plain.alias} could not be named {hostile.name!r}"
        scene.recorder.add(Note("note", f"{text}: {error.message}"))
        return await _provision(scene, client, plain)


async def _provision(scene: Scene, client: Client, tenant: Tenant) -> Tenant:
    tools = scene.tools(client, tenant, Role.PROVISION)
    step = f"provision tenant {tenant.alias}"
    try:
        facts = await scene.target.provision(tools, tenant)
    except ProvisioningError as error:
        message = f"Could not {step}: {error.message}"
        raise ProvisioningError(message, hint=error.hint) from error
    except HarnessError:
        raise
    except Exception as error:
        message = f"Could not {step}: the hook raised {type(error).__name__}: {error}"
        hint = "Look at the `provision` function of the target."
        raise ProvisioningError(message, hint=hint) from error
    texts = {str(key): str(value) for key, value in (facts or {}).items()}
    tenant = replace(tenant, facts=texts)
    learn_names(scene, tenant)
    return tenant


def learn_names(scene: Scene, tenant: Tenant) -> None:
    """Let the recorder know by which texts log lines may name a tenant."""
    names = [tenant.slug, tenant.name, tenant.domain]
    # Short facts, such as a serial number, would name half the world.
    names += [value for value in tenant.facts.values() if _telling(value)]
    for name in names:
        scene.recorder.learn(name, tenant.index)


def _telling(value: str) -> bool:
    return 8 <= len(value) <= 64


async def log_in(target: Target, tools: Tools, tenant: Tenant) -> Access:
    """Log a tenant's user in.

    Raises:
        ProvisioningError: It could not; the message says who and why.
    """
    if target.login is None:
        return Access()
    try:
        return await target.login.log_in(tools, tenant)
    except ProvisioningError as error:
        message = f"Could not log in tenant {alias(tenant.index)}: {error.message}"
        raise ProvisioningError(message, hint=error.hint) from error
    except HarnessError:
        raise
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        message = f"Could not log in tenant {alias(tenant.index)}: {what}"
        hint = "Look at the `login` of the target."
        raise ProvisioningError(message, hint=hint) from error
