"""How the harness talks to this app; the only file that knows the harness."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Literal

from harness import (
    ConnectionPlan,
    FormLogin,
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
    initialisers=(
        Initialiser(
            function="reference_app.tenants.opening:Opening.open", tenant="tenant.slug"
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
    variants={
        mutant.name: Variant(
            app=mutant.app,
            harmless=mutant.harmless,
            summary=mutant.summary,
            environment=mutant.environment,
            exercise=exercise,
            beyond=mutant.beyond,
        )
        for exercise, mutants in VARIANTS.items()
        for mutant in mutants
    },
)
