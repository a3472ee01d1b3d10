"""Tenants are brought about, the later ones with hostile names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from harness.environment.database import Database
from harness.errors import ProvisioningError, TargetError
from harness.model.event import Note
from harness.model.step import Role
from harness.model.tenant import Tenant
from harness.provisioning.casting import cast_tenants
from harness.provisioning.people import mint_tenant
from harness.target.login import CustomLogin, JsonLogin
from harness.target.selector import CredentialSelector
from harness.target.target import Target
from harness.target.tools import Tools
from tests.provisioning.opening import Opened, opened
from tests.provisioning.shops import shop


async def join(tools: Tools, tenant: Tenant) -> dict[str, str]:
    person = {"email": tenant.email, "password": tenant.password}
    names = {"slug": tenant.slug, "name": tenant.name}
    return dict((await tools.request("POST", "/join", json=person | names)).json())


def notes(*, environment: dict[str, str] | None = None, **fields: Any) -> Target:
    usual: dict[str, Any] = {
        "app": "tests.provisioning.apps.notes:create",
        "environment": {"NOTES_DSN": "{dsn}"} | (environment or {}),
        "provision": join,
        "selector": CredentialSelector(),
        "login": JsonLogin(),
        "operator": ("/join",),
    }
    return Target(**usual | fields)


@pytest_asyncio.fixture
async def app(database: Database) -> AsyncIterator[Opened]:
    async with opened(notes(), database) as it:
        yield it


def notes_of(app: Opened) -> list[str]:
    return [e.text for e in app.scene.recorder.since() if isinstance(e, Note)]


async def test_hostile_names_reach_into_the_first_tenants_schema(
    app: Opened, database: Database
) -> None:
    tenants, credentials = await cast_tenants(app.scene, app.client, 4)

    first = tenants[0].slug
    assert [tenant.name.isalpha() for tenant in tenants] == [True, True, False, False]
    assert tenants[2].name.endswith(f'", "{first}')
    assert tenants[3].name.endswith(f", {first}")
    assert len({access.headers for access in credentials}) == 4
    connection = await asyncpg.connect(database.dsn)
    try:
        rows = await connection.fetch("select name from tenants order by name")
    finally:
        await connection.close()
    assert sorted(row["name"] for row in rows) == sorted(t.name for t in tenants)
    assert not notes_of(app)


async def test_a_hostile_tenant_knows_just_what_its_name_holds_of_others(
    app: Opened,
) -> None:
    tenants, _ = await cast_tenants(app.scene, app.client, 4)

    scanner = app.scene.recorder.scanner
    for tenant in tenants:
        held = {(hit.owner, hit.field) for hit in scanner.scan_text(tenant.name)}
        assert tenant.knows == {one for one in held if one[0] != tenant.index}
    assert [bool(tenant.knows) for tenant in tenants] == [False, False, True, True]


async def test_a_refused_name_is_replaced_by_a_plain_one_with_a_note(
    database: Database,
) -> None:
    target = notes(environment={"NOTES_PLAIN": "1"})
    async with opened(target, database) as app:
        tenants, credentials = await cast_tenants(app.scene, app.client, 3)

        assert all(tenant.name.isalpha() for tenant in tenants)
        assert not tenants[2].knows
        assert credentials[2].headers
        told = notes_of(app)
        assert len(told) == 1
        assert "Tenant C, named" in told[0]
        assert "no quotes and no commas" in told[0]


async def test_hostile_names_can_be_left_out(database: Database) -> None:
    async with opened(notes(hostile_names=False), database) as app:
        tenants, _ = await cast_tenants(app.scene, app.client, 4)

    assert all(tenant.name.isalpha() for tenant in tenants)


async def test_names_and_telling_facts_are_learnt_for_reading_logs() -> None:
    async def facts(tools: Tools, tenant: Tenant) -> dict[str, object]:
        return {"serial": 4711, "account": f"account-{tenant.index}", "none": None}

    async with opened(shop(provision=facts, login=None)) as app:
        tenants, _ = await cast_tenants(app.scene, app.client, 2)

        names = app.scene.recorder.names
        for tenant in tenants:
            for text in (tenant.slug, tenant.name, tenant.domain):
                assert names[text] == tenant.index
            assert names[f"account-{tenant.index}"] == tenant.index
            assert tenant.facts["serial"] == "4711"
        assert "4711" not in names


def failing(error: Exception) -> Any:
    async def hook(tools: Tools, tenant: Tenant) -> None:
        if tenant.index == 1:
            raise error

    return hook


@pytest.mark.parametrize(
    ("provision", "told"),
    [
        (failing(KeyError("id")), "provision tenant B: the hook raised KeyError: 'id'"),
        (failing(ProvisioningError("no room")), "provision tenant B: no room"),
    ],
)
async def test_a_hook_that_fails_is_named_with_its_tenant(
    provision: Any, told: str
) -> None:
    async with opened(shop(provision=provision, login=None)) as app:
        with pytest.raises(ProvisioningError, match=f"Could not {told}"):
            await cast_tenants(app.scene, app.client, 2)


async def test_a_refused_request_of_a_hook_does_not_show_the_password() -> None:
    async def clumsy(tools: Tools, tenant: Tenant) -> None:
        headers = {"authorization": "Bearer operator-s3cret"}
        login = {"email": tenant.email, "password": [tenant.password]}
        await tools.request(
            "POST", "/login?k=operator-s3cret", json=login, headers=headers
        )

    async with opened(shop(provision=clumsy)) as app:
        with pytest.raises(ProvisioningError, match="status 422") as raised:
            await cast_tenants(app.scene, app.client, 1)

        password = mint_tenant(app.scene.key, 0, domain="").password
        assert password not in str(raised.value)
        assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("facts", [7, "id", ["id"], ("id", 7)])
async def test_facts_that_are_no_mapping_are_a_mistake_of_the_target(
    facts: object,
) -> None:
    async def hook(tools: Tools, tenant: Tenant) -> Any:
        return facts

    async with opened(shop(provision=hook)) as app:
        with pytest.raises(TargetError, match="provision hook returned a"):
            await cast_tenants(app.scene, app.client, 1)


async def test_a_login_that_fails_is_named_with_its_tenant() -> None:
    async def steps(tools: Tools, tenant: Tenant) -> dict[str, str]:
        if tenant.index == 1:
            raise ValueError("no second factor")
        return {}

    async with opened(shop(login=CustomLogin(steps))) as app:
        with pytest.raises(
            ProvisioningError, match="log in tenant B: ValueError: no second factor"
        ):
            await cast_tenants(app.scene, app.client, 2)


async def test_what_hooks_do_is_recorded_as_the_operators_doing(app: Opened) -> None:
    await cast_tenants(app.scene, app.client, 1)

    recorded = [(one.operation, one.role, one.audience) for one in app.exchanges()]
    assert recorded == [
        ("POST /join", Role.PROVISION, "operator"),
        ("POST /login", Role.LOGIN, "public"),
    ]
