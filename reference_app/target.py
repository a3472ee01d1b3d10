"""How the harness talks to this app; the only file that knows the harness."""

from __future__ import annotations

from harness import FormLogin, HostSelector, Target, Tenant, Tools, Variant
from reference_app.mutants.catalogue import FURTHER, MUTANTS

ADMIN_TOKEN = "operator-of-the-test-world"


async def provision(tools: Tools, tenant: Tenant) -> dict[str, object]:
    """Onboard a tenant, as the operator does."""
    answer = await tools.request(
        "POST",
        "/admin/tenants",
        headers={"authorization": f"Bearer {ADMIN_TOKEN}"},
        json={
            "slug": tenant.slug,
            "name": tenant.name,
            "admin_email": tenant.email,
            "admin_password": tenant.password,
        },
    )
    return {"id": answer.json()["id"]}


target = Target(
    app="reference_app.main:create_app",
    environment={
        "REFERENCE_APP_DSN": "{dsn}",
        "REFERENCE_APP_BASE_DOMAIN": "example.com",
        "REFERENCE_APP_ADMIN_TOKEN": ADMIN_TOKEN,
        "REFERENCE_APP_METRICS_PUBLIC": "true",
        # Hashing at full cost would time the test, not prove the app.
        "REFERENCE_APP_ARGON2_TIME_COST": "1",
        "REFERENCE_APP_ARGON2_MEMORY_KIB": "8",
        "REFERENCE_APP_ARGON2_PARALLELISM": "1",
    },
    provision=provision,
    selector=HostSelector(),
    login=FormLogin(path="/token"),
    public=("/livez", "/readyz", "/token"),
    shared=("/plans",),
    operator=("/admin/*", "/metrics"),
    skip=("GET /events",),
    labelled_loggers=("reference_app",),
    variants={
        mutant.name: Variant(
            app=mutant.app,
            harmless=mutant.harmless,
            summary=mutant.summary,
            environment=mutant.environment,
        )
        for mutant in (*MUTANTS, *FURTHER)
    },
)
