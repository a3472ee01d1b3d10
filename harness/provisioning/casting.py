"""Casting: brings tenants about, one after the other, and logs them in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import HarnessError, ProvisioningError, TargetError
from harness.model.canary import FIELD_EMAIL, FIELD_PASSWORD
from harness.model.event import Note, Unseen
from harness.model.step import Role
from harness.model.tenant import Tenant, alias
from harness.model.world import Access
from harness.provisioning.masking import masked
from harness.provisioning.people import mint_tenant, with_hostile_name

if TYPE_CHECKING:
    from harness.provisioning.client import Client
    from harness.provisioning.stage import Scene
    from harness.target.target import Target
    from harness.target.tools import Tools

PLAIN = 2
"""How many tenants have plain names before the hostile ones begin."""

Entered = tuple[Tenant, Access]

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
            entered = await _hostile(scene, client, tenant, tenants[0], reached)
        else:
            entered = await _enter(scene, client, tenant)
        if index == 0:
            made = [s for s in await _schemas(scene, client) if s not in before]
            reached = made[0] if made else ""
        tenants.append(entered[0])
        credentials.append(entered[1])
    return tenants, credentials


async def _enter(scene: Scene, client: Client, tenant: Tenant) -> Entered:
    """Make a tenant and log it in."""
    tenant = await provision_one(scene, client, tenant)
    tools = scene.tools(client, tenant, Role.LOGIN)
    return tenant, await log_in(scene.target, tools, tenant)


async def _schemas(scene: Scene, client: Client) -> Sequence[str]:
    if not scene.dsn:
        return []
    nobody = mint_tenant(scene.key, 0, domain=scene.target.domain)
    rows = await scene.tools(client, nobody, Role.PROVISION).sql(SCHEMAS)
    return [str(row["nspname"]) for row in rows]


async def _hostile(
    scene: Scene, client: Client, plain: Tenant, reached: Tenant, schema: str
) -> Entered:
    """Make a tenant with a hostile name; with a plain one if that does not work.

    A tenant whose name leads the app to another's data may not find its own user
    there. If the other's user can log in at its door instead, it goes on as that:
    what it sees then tells whose data the door leads to.
    """
    hostile = with_hostile_name(plain, schema, scene.recorder.scanner)
    named = f"Tenant {plain.alias}, named {hostile.name!r},"
    try:
        hostile = await provision_one(scene, client, hostile)
    except ProvisioningError as error:
        text = f"{named} could not be made and got a plain name: {error.message}"
        scene.recorder.add(Note("note", text))
        return await _enter(scene, client, _second(scene, plain))
    tools = scene.tools(client, hostile, Role.LOGIN)
    try:
        return hostile, await log_in(scene.target, tools, hostile)
    except ProvisioningError as error:
        turned = as_person_of(hostile, reached)
        try:
            access = await log_in(scene.target, tools, turned)
        except ProvisioningError:
            step = f"log in tenant {plain.alias}"
            reason = f"{named} cannot log in, others can: {error.message}"
            scene.recorder.add(Unseen("unseen", step, reason))
            return await _enter(scene, client, _second(scene, plain))
        text = f"{named} cannot log in, but {reached.alias}'s user can at its door"
        scene.recorder.add(Note("note", text))
        return turned, access


def _second(scene: Scene, tenant: Tenant) -> Tenant:
    domain = scene.target.domain
    return mint_tenant(scene.key, tenant.index, domain=domain, again=True)


def as_person_of(tenant: Tenant, other: Tenant) -> Tenant:
    """Give a tenant another's user, whose e-mail and password it then knows."""
    person = {(other.index, FIELD_EMAIL), (other.index, FIELD_PASSWORD)}
    return replace(
        tenant,
        email=other.email,
        password=other.password,
        knows=tenant.knows | person,
    )


async def provision_one(scene: Scene, client: Client, tenant: Tenant) -> Tenant:
    """Make a tenant, and return it with the facts that the hook learnt.

    Raises:
        ProvisioningError: It could not be made; the message says who and why.
        TargetError: The hook returned something else than facts.
    """
    tools = scene.tools(client, tenant, Role.PROVISION)
    with hook_failures(f"provision tenant {tenant.alias}", "provision", tenant.secrets):
        facts: object = await scene.target.provision(tools, tenant)
    return with_facts(scene, tenant, facts)


@contextmanager
def hook_failures(step: str, hook: str, secrets: Sequence[str]) -> Iterator[None]:
    """Name the step in which a hook of the target fails.

    Args:
        step: What it is to do.
        hook: Which one it is.
        secrets: What no message may show.
    """
    try:
        yield
    except ProvisioningError as error:
        message = f"Could not {step}: {error.message}"
        raise ProvisioningError(message, hint=error.hint) from error
    except HarnessError:
        raise
    except Exception as error:
        what = masked(f"{type(error).__name__}: {error}", secrets)
        message = f"Could not {step}: the hook raised {what}"
        hint = f"Look at the `{hook}` function of the target."
        raise ProvisioningError(message, hint=hint) from error


def with_facts(scene: Scene, tenant: Tenant, facts: object) -> Tenant:
    """Give a tenant the facts that were learnt of it, and let logs be read by them.

    Raises:
        TargetError: They are no mapping.
    """
    if facts is not None and not isinstance(facts, Mapping):
        kind = type(facts).__name__
        message = f"The target's provision hook returned a {kind}."
        raise TargetError(message, hint='Return facts such as {"id": 7}, or nothing.')
    told = facts or {}
    texts = {str(key): str(told[key]) for key in told}
    tenant = replace(tenant, facts=texts)
    learn_names(scene, tenant)
    return tenant


def learn_names(scene: Scene, tenant: Tenant) -> None:
    """Let the recorder know by which texts log lines may name a tenant."""
    names = [tenant.slug, tenant.name, tenant.domain]
    names += [value for value in tenant.facts.values() if _telling(value)]
    for name in names:
        scene.recorder.learn(name, tenant.index)


def _telling(value: str) -> bool:
    """Whether a fact can name a tenant: a serial number would name half the world."""
    return 8 <= len(value) <= 64


async def log_in(target: Target, tools: Tools, tenant: Tenant) -> Access:
    """Log a tenant's user in.

    Raises:
        ProvisioningError: It could not; the message says who and why.
    """
    if target.login is None:
        return Access()
    try:
        access: object = await target.login.log_in(tools, tenant)
    except ProvisioningError as error:
        message = f"Could not log in tenant {alias(tenant.index)}: {error.message}"
        raise ProvisioningError(message, hint=error.hint) from error
    except HarnessError:
        raise
    except Exception as error:
        what = masked(f"{type(error).__name__}: {error}", tenant.secrets)
        message = f"Could not log in tenant {alias(tenant.index)}: {what}"
        hint = "Look at the `login` of the target."
        raise ProvisioningError(message, hint=hint) from error
    if not isinstance(access, Access):
        kind = type(access).__name__
        message = f"The target's login returned a {kind}, not an Access."
        raise TargetError(message, hint="Wrap a function of yours in CustomLogin(…).")
    return access
