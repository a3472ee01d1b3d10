"""The shop app as a target."""

from __future__ import annotations

from typing import Any

from harness.model.tenant import Tenant
from harness.target.login import JsonLogin
from harness.target.selector import HeaderSelector
from harness.target.target import Target
from harness.target.tools import Tools

LOGIN = JsonLogin(path="/login", token="data.token")


async def provision(tools: Tools, tenant: Tenant) -> dict[str, object]:
    person = {"email": tenant.email, "password": tenant.password}
    answer = await tools.request("POST", "/shops", json=person | {"slug": tenant.slug})
    return dict(answer.json())


def shop(**fields: Any) -> Target:
    usual: dict[str, Any] = {
        "app": "tests.provisioning.apps.shop:create",
        "provision": provision,
        "selector": HeaderSelector("X-Shop"),
        "login": LOGIN,
        "operator": ("/shops",),
    }
    return Target(**usual | fields)
