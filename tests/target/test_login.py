"""Each way to log in, on a real app."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import jwt
import pytest
import pytest_asyncio

from harness.errors import ProvisioningError, TargetError
from harness.model.step import Role
from harness.model.tenant import Tenant
from harness.model.world import Access
from harness.provisioning.casting import log_in
from harness.provisioning.people import mint_tenant
from harness.target.login import (
    ApiKey,
    CustomLogin,
    FormLogin,
    JsonLogin,
    Login,
    MintedJwt,
    bearer,
)
from harness.target.selector import CredentialSelector
from harness.target.target import Target
from harness.target.tools import Tools
from tests.provisioning.opening import Opened, opened

NESTED = "data.0.session.token"


async def provision(tools: Tools, tenant: Tenant) -> Mapping[str, object]:
    person = {"email": tenant.email, "password": tenant.password, "slug": tenant.slug}
    answer = await tools.request("POST", "/people", json=person)
    return dict(answer.json())


def target(login: Login | None = None) -> Target:
    return Target(
        app="tests.provisioning.apps.logins:create",
        provision=provision,
        selector=CredentialSelector(),
        login=login,
        openapi="",
    )


@pytest_asyncio.fixture
async def app() -> AsyncIterator[Opened]:
    async with opened(target()) as it:
        yield it


@pytest_asyncio.fixture
async def tenants(app: Opened) -> list[Tenant]:
    made = []
    for index in range(2):
        tenant = mint_tenant(app.scene.key, index, domain="{slug}.example.com")
        tools = app.scene.tools(app.client, tenant, Role.PROVISION)
        facts = await provision(tools, tenant)
        made.append(replace(tenant, facts={k: str(v) for k, v in facts.items()}))
    return made


async def enter(app: Opened, login: Login, tenant: Tenant) -> Access:
    tools = app.scene.tools(app.client, tenant, Role.LOGIN)
    return await log_in(target(login), tools, tenant)


async def mine(app: Opened, access: Access, tenant: Tenant) -> dict[str, str]:
    tools = app.scene.tools(app.client, tenant, Role.LOGIN)
    headers = dict(access.headers) | {"x-issuer": tenant.slug}
    return dict((await tools.request("GET", "/mine", headers=headers)).json())


async def code_then_token(tools: Tools, tenant: Tenant) -> Mapping[str, str]:
    person = {"email": tenant.email, "password": tenant.password}
    code = (await tools.request("POST", "/code", json=person)).json()["code"]
    answer = await tools.request("POST", "/exchange", json={"code": code})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


@pytest.mark.parametrize(
    ("login", "names"),
    [
        (FormLogin(), ["authorization"]),
        (JsonLogin(path="/sessions", token=NESTED), ["authorization"]),
        (
            JsonLogin(path="/sessions", token=NESTED, header="X-Api-Key", scheme=""),
            ["x-api-key"],
        ),
        (FormLogin(path="/door", token=""), ["cookie"]),
        (CustomLogin(code_then_token), ["authorization"]),
        (ApiKey(), ["x-api-key"]),
        (MintedJwt(key="{jwt_key}"), ["authorization"]),
    ],
)
async def test_each_kind_of_login_gets_each_tenant_in_as_itself(
    app: Opened, tenants: list[Tenant], login: Login, names: list[str]
) -> None:
    answers = []
    for tenant in tenants:
        access = await enter(app, login, tenant)
        assert [name for name, _ in access.headers] == names
        answers.append(await mine(app, access, tenant))

    for answer, tenant in zip(answers, tenants, strict=True):
        told = str(answer)
        assert tenant.email in told or tenant.slug in told
    assert answers[0] != answers[1]


async def test_of_cookies_the_last_value_counts_and_deleted_ones_are_left_out(
    app: Opened, tenants: list[Tenant]
) -> None:
    access = await enter(app, FormLogin(path="/door", token=""), tenants[0])

    assert dict(access.headers) == {
        "cookie": f'session="token-1-of-{tenants[0].email}"; csrf=c1'
    }


async def test_a_minted_token_holds_its_claims_and_lives_as_long_as_told(
    app: Opened, tenants: list[Tenant]
) -> None:
    login = MintedJwt(
        key="{jwt_key}", claims={"sub": "{slug}", "roles": ["{name}"]}, lifetime=60
    )

    access = await enter(app, login, tenants[1])

    assert (await mine(app, access, tenants[1]))["seconds"] == "60"
    assert time.time() + 50 < access.expires_at <= time.time() + 61
    token = access.headers[0][1].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["roles"] == [tenants[1].name]


async def test_one_tenants_key_does_not_sign_for_another(
    app: Opened, tenants: list[Tenant]
) -> None:
    access = await enter(app, MintedJwt(key="{jwt_key}"), tenants[0])

    with pytest.raises(ProvisioningError, match="status 401"):
        await mine(app, access, tenants[1])


@pytest.mark.parametrize(
    "login",
    [
        FormLogin(),
        JsonLogin(path="/sessions", token=NESTED),
        CustomLogin(code_then_token),
        JsonLogin(path="/validated"),
    ],
)
async def test_a_refused_login_names_tenant_and_step_and_shows_no_secret(
    app: Opened, tenants: list[Tenant], login: Login
) -> None:
    wrong = replace(tenants[1], password="wr0ng-s3cret")

    with pytest.raises(ProvisioningError) as raised:
        await enter(app, login, wrong)

    text = str(raised.value)
    assert text.startswith("Could not log in tenant B: POST /")
    assert "ended with status 4" in text
    assert "wr0ng-s3cret" not in text


@pytest.mark.parametrize(
    ("login", "told"),
    [
        (JsonLogin(path="/sessions"), "has no token at 'access_token'"),
        (JsonLogin(path="/sessions", token="data.7"), "has no token at 'data.7'"),
        (JsonLogin(path="/sessions", token="data.0"), "has no token at 'data.0'"),
        (JsonLogin(path="/empty"), "has no token at 'access_token'"),
        (FormLogin(path="/door"), "has no token"),
        (JsonLogin(path="/sessions", token=""), "without setting a cookie"),
        (FormLogin(path="/nowhere"), "status 404"),
    ],
)
async def test_an_answer_without_what_was_expected_says_what_to_set(
    app: Opened, tenants: list[Tenant], login: Login, told: str
) -> None:
    with pytest.raises(ProvisioningError, match=told) as raised:
        await enter(app, login, tenants[0])

    assert "tenant A" in str(raised.value)


@pytest.mark.parametrize(
    "login",
    [
        FormLogin(form={"username": "{user}", "password": "{password}"}),
        JsonLogin(body={"deep": [{"email": "{user}"}]}),
        ApiKey(value="{user}"),
        MintedJwt(key="{jwt_key}", claims={"sub": "{user}"}),
    ],
)
async def test_an_unknown_name_in_a_template_is_answered_with_the_known_ones(
    app: Opened, tenants: list[Tenant], login: Login
) -> None:
    with pytest.raises(ProvisioningError) as raised:
        await enter(app, login, tenants[0])

    text = str(raised.value)
    assert "'user', which is not known" in text
    assert "slug, name, domain, email, password, index" in text
    assert "(api_key, jwt_key)" in text


@pytest.mark.parametrize("braces", ["{", "}", "{}", "{slug.secret}", "{slug!z}"])
async def test_stray_braces_are_explained_and_a_signing_key_is_not_shown(
    app: Opened, tenants: list[Tenant], braces: str
) -> None:
    with pytest.raises(ProvisioningError, match="literal brace twice") as raised:
        await enter(app, MintedJwt(key=f"s3cret{braces}"), tenants[0])

    assert "s3cret" not in str(raised.value)


async def test_steps_must_return_headers(app: Opened, tenants: list[Tenant]) -> None:
    async def nothing(tools: Tools, tenant: Tenant) -> Mapping[str, str]:
        return None  # type: ignore[return-value]

    with pytest.raises(TargetError, match="returned a NoneType"):
        await enter(app, CustomLogin(nothing), tenants[0])


async def test_a_login_of_ones_own_must_return_an_access(
    app: Opened, tenants: list[Tenant]
) -> None:
    class Own:
        async def log_in(self, tools: Tools, tenant: Tenant) -> Access:
            return {"authorization": "x"}  # type: ignore[return-value]

    with pytest.raises(TargetError, match="returned a dict, not an Access"):
        await enter(app, Own(), tenants[0])


async def test_what_steps_raise_is_named_without_the_password(
    app: Opened, tenants: list[Tenant]
) -> None:
    async def steps(tools: Tools, tenant: Tenant) -> Mapping[str, str]:
        raise LookupError(f"no {tenant.password}")

    with pytest.raises(ProvisioningError, match="LookupError: no ") as raised:
        await enter(app, CustomLogin(steps), tenants[0])

    assert tenants[0].password not in str(raised.value)


def test_steps_that_are_not_async_are_refused() -> None:
    with pytest.raises(TargetError, match=r"CustomLogin\.steps .* not async"):
        CustomLogin(at_once)  # type: ignore[arg-type]


def at_once(tools: Tools, tenant: Tenant) -> Mapping[str, str]:
    return {}


@pytest.mark.parametrize("token", ["opaque", "a.b.c", ""])
def test_what_is_no_jwt_is_not_known_to_expire(token: str) -> None:
    assert bearer(token).expires_at == 0


def test_an_access_is_not_shown_with_its_secret() -> None:
    assert "s3cret" not in repr(bearer("s3cret"))
    assert "s3cret" not in repr(MintedJwt(key="s3cret"))
