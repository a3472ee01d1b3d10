"""How the harness talks to this app; the only file that knows the harness."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Literal

from harness import (
    Answer,
    ConnectionPlan,
    FormLogin,
    Generations,
    HostSelector,
    Initialiser,
    Socket,
    Target,
    Tenant,
    Tools,
    Variant,
)
from reference_app.mutants.catalogue import (
    CHANNELS,
    FURTHER,
    MUTANTS,
    RACES,
    STARTUP,
    Mutant,
)

Exercise = Literal["isolation", "startup", "races"]

ADMIN_TOKEN = "operator-of-the-test-world"
CONNECTION_BUDGET, TENANT_POOL, SHARED_POOL = 40, 4, 10
IMPORT_TIMEOUT = 300.0
"""Seconds for 2,000 tenants, which take a tenth of that on an idle machine."""


async def provision(tools: Tools, tenant: Tenant) -> dict[str, object]:
    """Onboard a tenant, as the operator does."""
    answer = await tools.request(
        "POST",
        "/admin/tenants",
        headers={"authorization": f"Bearer {ADMIN_TOKEN}"},
        json=_new(tenant),
    )
    return {"id": answer.json()["id"]}


async def provision_many(
    tools: Tools, tenants: Sequence[Tenant]
) -> list[dict[str, object]]:
    """Import tenants past the API: quicker, and no process has to open them."""
    lines = "".join(json.dumps(_new(tenant)) + "\n" for tenant in tenants)
    command = (sys.executable, "-m", "reference_app", "import")
    printed = await tools.run(*command, stdin=lines, timeout=IMPORT_TIMEOUT)
    return [{"id": json.loads(line)["id"]} for line in printed.splitlines()]


def _new(tenant: Tenant) -> dict[str, object]:
    return {
        "slug": tenant.slug,
        "name": tenant.name,
        "admin_email": tenant.email,
        "admin_password": tenant.password,
        "provider_key": tenant.provider_key,
    }


async def onboard(tools: Tools, tenant: Tenant) -> None:
    """Onboard a tenant, or find that somebody else was quicker."""
    await _operate(tools, "POST", "", _new(tenant), expect=(201, 409))


async def offboard(tools: Tools, tenant: Tenant) -> None:
    """Remove a tenant."""
    await _operate(tools, "DELETE", f"/{tenant.slug}", expect=(204, 404))


async def reload(tools: Tools, tenant: Tenant) -> None:
    """Have what is open for a tenant opened anew; nobody is logged out."""
    key = {"grace_seconds": 3600, "provider_key": tenant.provider_key}
    await _operate(tools, "POST", f"/{tenant.slug}/keys/rotate", key)


async def evict(tools: Tools, tenant: Tenant) -> None:
    """Have what is open for a tenant closed."""
    await _operate(tools, "POST", f"/{tenant.slug}/close")


async def rotate_keys(tools: Tools, tenant: Tenant) -> None:
    """Replace a tenant's signing key after a theft: all have to log in again."""
    await _operate(tools, "POST", f"/{tenant.slug}/keys/rotate", {})


async def move_domain(tools: Tools, tenant: Tenant) -> None:
    """Give a tenant another domain beside its own."""
    await _operate(
        tools, "PUT", f"/{tenant.slug}/domains", {"domains": [_moved(tenant)]}
    )


async def _operate(
    tools: Tools,
    method: str,
    path: str,
    body: object = None,
    expect: Sequence[int] = (),
) -> None:
    await tools.request(
        method,
        f"/admin/tenants{path}",
        headers={"authorization": f"Bearer {ADMIN_TOKEN}"},
        json=body,
        expect=expect,
    )


def _moved(tenant: Tenant) -> str:
    return f"{tenant.slug}.moved.example.org"


def ready_tenants(answer: Answer) -> int:
    """Return how many tenants are open where the app says that it is ready."""
    return int(answer.json()["tenants"])


async def write_flag(
    tools: Tools, tenant: Tenant, headers: Mapping[str, str], generation: int
) -> None:
    """Set a flag whose description says which generation it is."""
    flag = {"enabled": True, "description": str(generation)}
    await tools.request(
        "PUT", "/flags/generation", tenant=tenant, headers=headers, json=flag
    )


async def read_flag(tools: Tools, tenant: Tenant, headers: Mapping[str, str]) -> int:
    """Return which generation the flags show."""
    answer = await tools.request("GET", "/flags", tenant=tenant, headers=headers)
    shown = {one["name"]: one["description"] for one in answer.json()}
    return int(shown.get("generation", 0))


async def write_trail(
    tools: Tools, tenant: Tenant, headers: Mapping[str, str], generation: int
) -> None:
    """Do something that the audit trail has to tell of."""
    await tools.request(
        "PUT",
        f"/flags/generation-{generation}",
        tenant=tenant,
        headers=headers,
        json={"enabled": True},
    )


async def read_trail(tools: Tools, tenant: Tenant, headers: Mapping[str, str]) -> int:
    """Return up to which generation the audit trail tells of each."""
    answer = await tools.request("GET", "/audit", tenant=tenant, headers=headers)
    text = answer.content.decode()
    generation = 0
    while f"flag generation-{generation + 1}:" in text:
        generation += 1
    return generation


async def write_configuration(
    tools: Tools, tenant: Tenant, headers: Mapping[str, str], generation: int
) -> None:
    """Replace the configuration by one that says which generation it is."""
    new = {"support_contact": str(generation)}
    await tools.request(
        "PUT", "/configuration", tenant=tenant, headers=headers, json=new
    )


async def read_configuration(
    tools: Tools, tenant: Tenant, headers: Mapping[str, str]
) -> int:
    """Return which generation the configuration shows."""
    answer = await tools.request(
        "GET", "/configuration", tenant=tenant, headers=headers
    )
    contact = answer.json()["support_contact"]
    return int(contact) if contact.isdecimal() else 0


async def write_key(
    tools: Tools, tenant: Tenant, _: Mapping[str, str], __: int
) -> None:
    """Replace a tenant's signing key."""
    await rotate_keys(tools, tenant)


async def read_key(tools: Tools, tenant: Tenant, headers: Mapping[str, str]) -> int:
    """Return 0 if a token of the first key is good, and 1 if it is not any more."""
    answer = await tools.request(
        "GET", "/flags", tenant=tenant, headers=headers, expect=(200, 401)
    )
    return int(answer.status == 401)


async def write_domain(
    tools: Tools, tenant: Tenant, _: Mapping[str, str], generation: int
) -> None:
    """Give a tenant a domain, or take it away again: every other generation has it."""
    domains = [_moved(tenant)] if generation % 2 else []
    await _operate(tools, "PUT", f"/{tenant.slug}/domains", {"domains": domains})


async def read_domain(tools: Tools, tenant: Tenant, headers: Mapping[str, str]) -> int:
    """Return 1 if the domain leads to the tenant, and 2 if it does not any more."""
    answer = await tools.request(
        "GET",
        "/flags",
        headers={**headers, "host": _moved(tenant)},
        expect=(200, 401, 403, 404),
    )
    return 1 if answer.status == 200 else 2


VARIANTS: Mapping[Exercise, Sequence[Mutant]] = {
    "isolation": (*MUTANTS, *FURTHER, *CHANNELS),
    "startup": STARTUP,
    "races": RACES,
}
"""The variants by the exercise that shows them."""

target = Target(
    app="reference_app.main:create_app",
    environment={
        "REFERENCE_APP_DSN": "{dsn}",
        "REFERENCE_APP_BASE_DOMAIN": "example.com",
        "REFERENCE_APP_ADMIN_TOKEN": ADMIN_TOKEN,
        "REFERENCE_APP_CONNECTION_BUDGET": str(CONNECTION_BUDGET),
        "REFERENCE_APP_TENANT_POOL_MAX": str(TENANT_POOL),
        "REFERENCE_APP_SHARED_POOL_MAX": str(SHARED_POOL),
        "REFERENCE_APP_PROVIDER_URL": "{provider_url}",
        "REFERENCE_APP_WEBHOOK_NETWORKS": "127.0.0.0/8",
        # Hashing at full cost would time the test, not prove the app.
        "REFERENCE_APP_ARGON2_TIME_COST": "1",
        "REFERENCE_APP_ARGON2_MEMORY_KIB": "8",
        "REFERENCE_APP_ARGON2_PARALLELISM": "1",
    },
    provision=provision,
    provision_many=provision_many,
    selector=HostSelector(),
    login=FormLogin(path="/token"),
    public=("/livez", "/readyz", "/token"),
    shared=("/plans",),
    operator=("/admin/*",),
    sockets=(Socket("/socket"),),
    metrics="/metrics",
    metrics_headers={"authorization": f"Bearer {ADMIN_TOKEN}"},
    labelled_loggers=("reference_app",),
    strategies={
        name: {"REFERENCE_APP_STRATEGY": name} for name in ("eager", "lazy", "warm")
    },
    # A thousand tenants, opened one and all on a busy machine.
    startup_timeout=120.0,
    ready="/readyz",
    ready_tenants=ready_tenants,
    initialisers=(
        # What was taken of the rate limits is written down at the end, and read at the
        # beginning.
        Initialiser(
            function="reference_app.tenants.opening:Opening.open",
            tenant="tenant.slug",
            exclusive=True,
        ),
        # What is remembered of it grows old, and it is loaded again.
        Initialiser(
            function="reference_app.tenants.configuration:Configurations.load",
            tenant="tenant_id",
            awaited=False,
            again=True,
        ),
    ),
    connections=ConnectionPlan(
        budget=CONNECTION_BUDGET, largest_pool=TENANT_POOL, shared=SHARED_POOL
    ),
    provider_calls=1,
    actions={
        "onboard": onboard,
        "offboard": offboard,
        "evict": evict,
        "reload": reload,
        "rotate keys": rotate_keys,
        "move domain": move_domain,
    },
    # In the process that wrote, what is read from then on is as it was written.
    generations={
        "flags": Generations(write=write_flag, read=read_flag, fresh=True),
        "configuration": Generations(
            write=write_configuration, read=read_configuration, fresh=True
        ),
        "trail": Generations(write=write_trail, read=read_trail, fresh=True),
        "keys": Generations(write=write_key, read=read_key, fresh=True),
        "domain": Generations(write=write_domain, read=read_domain, fresh=True),
    },
    idle={
        "REFERENCE_APP_IDLE_TIMEOUT": "1",
        "REFERENCE_APP_HOUSEKEEPING_INTERVAL": "1",
    },
    variants={
        mutant.name: Variant(
            app=mutant.app,
            harmless=mutant.harmless,
            summary=mutant.summary,
            environment=mutant.environment,
            exercise=exercise,
            scenarios=mutant.scenarios,
            beyond=mutant.beyond,
        )
        for exercise, mutants in VARIANTS.items()
        for mutant in mutants
    },
)
