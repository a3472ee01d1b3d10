"""The tools that hooks are given: requests, SQL, commands."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from harness.environment.database import Database
from harness.errors import ProvisioningError, TargetError
from harness.model.step import Role
from harness.model.tenant import Tenant
from harness.provisioning.people import mint_tenant
from harness.provisioning.tools import HookTools
from harness.target.selector import (
    HeaderSelector,
    HostSelector,
    ParameterSelector,
    PrefixSelector,
    Selector,
)
from harness.target.target import Target
from harness.target.tools import Tools
from tests.provisioning.opening import Opened, opened


async def nothing(tools: Tools, tenant: Tenant) -> None: ...


def target(selector: Selector) -> Target:
    return Target(
        app="tests.provisioning.apps.answers:create",
        provision=nothing,
        selector=selector,
        environment={"NOTES": "from-the-target"},
        openapi="",
    )


def tools_of(app: Opened) -> tuple[HookTools, Tenant]:
    tenant = mint_tenant(app.scene.key, 0, domain="{slug}.test")
    tenant = replace(tenant, facts={"odd": "ü /?x"})
    return app.scene.tools(app.client, tenant, Role.PROVISION), tenant


@pytest_asyncio.fixture
async def app(database: Database) -> AsyncIterator[Opened]:
    async with opened(target(HostSelector()), database) as it:
        yield it


@pytest.mark.parametrize(
    ("selector", "path", "asked"),
    [
        (HostSelector(), "/echo/x y?q=1&r=a%20b", "/echo/x%20y?q=1&r=a%20b"),
        (PrefixSelector("/at/{odd}"), "/echo", "/at/%C3%BC%20/%3Fx/echo?"),
        (ParameterSelector("house", "{odd}"), "/{house}/in", "/%C3%BC%20%2F%3Fx/in?"),
        (HeaderSelector("x-t"), "/echo%2F", "/echo%2F?"),
    ],
)
async def test_a_request_goes_to_the_path_that_selects_the_tenant(
    selector: Selector, path: str, asked: str
) -> None:
    async with opened(target(selector)) as app:
        tools, tenant = tools_of(app)

        await tools.request("get", path, tenant=tenant)

        seen = (await app.seen())[0]
        assert f"{seen['path']}?{seen['query']}" == asked.ljust(len(asked), "?")
        assert seen["method"] == "GET"


async def test_a_host_header_of_the_hooks_own_wins(app: Opened) -> None:
    tools, tenant = tools_of(app)

    await tools.request("GET", "/echo", tenant=tenant)
    await tools.request("GET", "/echo", tenant=tenant, headers={"Host": "own.test"})
    await tools.request("GET", "/echo")

    headers = [header for one in await app.seen() for header in one["headers"]]
    hosts = [value for name, value in headers if name == "host"]
    assert hosts == [tenant.domain, "own.test", "localhost"]


async def test_a_body_is_json_or_a_form(app: Opened) -> None:
    tools, _ = tools_of(app)

    await tools.request("POST", "/echo", json={"a": None})
    await tools.request("POST", "/echo", form={"a": "b c&d"})

    first, second = await app.seen()
    assert first["body"] == '{"a": null}'
    assert dict(first["headers"])["content-type"] == "application/json"
    assert second["body"] == "a=b+c%26d"
    assert dict(second["headers"])["content-type"].endswith("form-urlencoded")


async def test_a_status_is_fine_if_it_was_expected(app: Opened) -> None:
    tools, _ = tools_of(app)

    answer = await tools.request("POST", "/status/409", expect=(201, 409))

    assert answer.status == 409
    with pytest.raises(ProvisioningError, match="POST /echo ended with status 200"):
        await tools.request("POST", "/echo", expect=(201,))
    with pytest.raises(ProvisioningError, match="/drop/9 ended with the connection"):
        await tools.request("POST", "/drop/9")


async def test_a_path_without_a_slash_is_a_mistake_of_the_target(app: Opened) -> None:
    tools, _ = tools_of(app)

    with pytest.raises(TargetError, match="asks for POST signup"):
        await tools.request("POST", "signup")


async def test_sql_runs_on_the_apps_database(app: Opened, database: Database) -> None:
    tools, tenant = tools_of(app)

    rows = await tools.sql("select current_database() as name, $1::text as it", "x")

    assert rows == [{"name": database.name, "it": "x"}]
    assert tools.dsn == database.dsn
    with pytest.raises(
        ProvisioningError, match=r"SQL failed: .*UndefinedTable"
    ) as raised:
        await tools.sql(f'select * from "{tenant.password}"')
    assert tenant.password not in str(raised.value)


async def test_sql_without_a_database_says_what_to_set() -> None:
    async with opened(target(HostSelector())) as app:
        tools, _ = tools_of(app)

        with pytest.raises(ProvisioningError, match="HARNESS_DSN"):
            await tools.sql("select 1")


async def test_a_command_gets_the_apps_environment(app: Opened) -> None:
    tools, _ = tools_of(app)

    printed = await tools.run(
        sys.executable, "-c", "import os; print(os.environ['NOTES'])"
    )

    assert printed == "from-the-target\n"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys; sys.exit(3)", "ended with 3: it printed nothing"),
        ("raise LookupError('PASSWORD')", r"ended with 1: .*LookupError: \*\*\*"),
    ],
)
async def test_a_command_that_fails_shows_its_last_words_without_the_password(
    app: Opened, code: str, told: str
) -> None:
    tools, tenant = tools_of(app)

    with pytest.raises(ProvisioningError, match=f"(?s){told}"):
        await tools.run(sys.executable, "-c", code.replace("PASSWORD", tenant.password))


async def test_a_command_that_hangs_is_ended(app: Opened) -> None:
    tools, _ = tools_of(app)

    with pytest.raises(ProvisioningError, match=r"took over 0\.5 s"):
        await tools.run(
            sys.executable, "-c", "import time; time.sleep(600)", timeout=0.5
        )


async def test_a_command_reads_what_it_is_given_and_its_warnings_stay_apart(
    app: Opened,
) -> None:
    tools, _ = tools_of(app)
    code = "import sys; print(sys.stdin.read().upper()); print('!', file=sys.stderr)"

    printed = await tools.run(sys.executable, "-c", code, stdin="größe\n" * 30_000)

    assert printed == "GRÖSSE\n" * 30_000 + "\n"


async def test_a_command_that_does_not_read_is_no_failure(app: Opened) -> None:
    tools, _ = tools_of(app)

    assert await tools.run(sys.executable, "-c", "", stdin="x" * 1_000_000) == ""
