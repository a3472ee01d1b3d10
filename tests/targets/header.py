"""The header app as a target."""

from __future__ import annotations

from harness import HeaderSelector, JsonLogin, Target, Tenant, Tools


async def provision(tools: Tools, tenant: Tenant) -> dict[str, object]:
    """Sign a company up, as anybody can."""
    names = {"company_name": tenant.name}
    user = {"email": tenant.email, "password": tenant.password}
    answer = await tools.request("POST", "/signup", json=names | user)
    return {"id": answer.json()["tenant_id"]}


target = Target(
    app="tests.targets.header_app.main:app",
    environment={"DATABASE_URL": "{dsn}"},
    provision=provision,
    selector=HeaderSelector("X-Tenant-ID", "{id}"),
    login=JsonLogin(path="/login", token="data.token"),
    public=("/ping", "/signup"),
    reimport=("tests.targets.header_app",),
)
