"""The crossing as a target: each way in which it is made is a variant."""

from __future__ import annotations

from harness import CredentialSelector, JsonLogin, Target, Tenant, Tools, Variant

APP = "tests.isolation.apps.crossing"
PICKY = "one-loop-only"
WRONG = ("global-read-late", "pointed-elsewhere", "left-dirty", "filled-by-another")
RIGHT = ("context-variable", "one-connection-held", "taken-back")
PERSON = {"slug": "{slug}", "password": "{password}"}


async def provision(tools: Tools, tenant: Tenant) -> None:
    """Sign a tenant up."""
    who = {"slug": tenant.slug, "password": tenant.password}
    await tools.request("POST", "/signup", tenant=tenant, json=who)


target = Target(
    app=f"{APP}:create_app",
    environment={"CROSSING_DSN": "{dsn}", "CROSSING": "context-variable"},
    provision=provision,
    selector=CredentialSelector(),
    login=JsonLogin(path="/login", body=PERSON, token="token"),
    public=("/signup",),
    reimport=(APP,),
    variants={
        name: Variant(
            app=f"{APP}:create_app",
            environment={"CROSSING": name},
            harmless=name not in WRONG,
        )
        for name in (*WRONG, *RIGHT, PICKY)
    },
)
