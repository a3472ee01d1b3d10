"""The app that calls others, as a target; its faults and oddities are variants."""

from __future__ import annotations

from dataclasses import replace

from harness import JsonLogin, Target, Tenant, Tools, Variant
from tests.targets.outgoing_app.faults import FAULTS, ODDITIES

APP = "tests.targets.outgoing_app.main:app"


async def provision(tools: Tools, tenant: Tenant) -> None:
    """Sign the tenant up."""
    body = {
        "slug": tenant.slug,
        "password": tenant.password,
        "provider_key": tenant.provider_key,
    }
    await tools.request("POST", "/signup", json=body)


target = Target(
    app=APP,
    environment={
        "DATABASE_URL": "{dsn}",
        "PROVIDER_URL": "{provider_url}",
        "AUDIT_URL": "{sink_url}",
    },
    provision=provision,
    login=JsonLogin(
        path="/login", body={"slug": "{slug}", "password": "{password}"}, token="token"
    ),
    public=("/signup", "/login"),
    reimport=("tests.targets.outgoing_app",),
    variants={
        **{
            name: Variant(app=APP, summary=text, environment={"FAULT": name})
            for name, text in FAULTS.items()
        },
        **{
            name: Variant(
                app=APP, summary=text, environment={"ODD": name}, harmless=True
            )
            for name, text in ODDITIES.items()
        },
    },
)
one_call = replace(target, provider_calls=1)
"""The same, which may try each key once when it starts."""
