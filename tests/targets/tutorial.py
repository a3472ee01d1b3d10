"""The tutorial app as a target."""

from __future__ import annotations

import sys

from harness import FormLogin, Target, Tenant, Tools


async def provision(tools: Tools, tenant: Tenant) -> None:
    """Create the tenant with the tutorial's own command."""
    cli = (sys.executable, "-m", "tests.targets.tutorial_app.cli")
    await tools.run(*cli, tenant.name, tenant.domain, tenant.email, tenant.password)


target = Target(
    app="tests.targets.tutorial_app.main:app",
    environment={"DATABASE_URL": "{dsn}"},
    provision=provision,
    login=FormLogin(path="/token"),
    public=("/health", "/token"),
    reimport=("tests.targets.tutorial_app",),
)
