"""The app of first use as a target; its variant races."""

from __future__ import annotations

import hashlib

from harness import Stage, Target, Tenant, Tools, Variant, scenario
from harness.target.initialiser import Initialiser
from harness.target.login import ApiKey

MAIN = "tests.targets.first_use_app.main"


async def provision(tools: Tools, tenant: Tenant) -> dict[str, object]:
    """Sign a tenant up, with a key that nobody guesses."""
    key = hashlib.sha256(tenant.password.encode()).hexdigest()
    body = {"slug": tenant.slug, "api_key": key}
    await tools.request("POST", "/tenants", json=body)
    return {"api_key": key}


target = Target(
    app=f"{MAIN}:locked",
    environment={"DATABASE_URL": "{dsn}"},
    provision=provision,
    login=ApiKey(),
    public=("/tenants",),
    initialisers=(
        Initialiser(
            function="tests.targets.first_use_app.pools:open_pool", tenant="slug"
        ),
    ),
    variants={"racing": Variant(app=f"{MAIN}:racing", exercise="races")},
    reimport=("tests.targets.first_use_app",),
)


@scenario
async def two_at_once(stage: Stage) -> None:
    """Two first requests to one tenant."""
    await stage.gather(stage.tenant(0).get("/notes"), stage.tenant(0).get("/notes"))
