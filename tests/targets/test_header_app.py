"""The header app works, and keeps to the tenant that the header names."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from tests.targets.header_app.logs import JsonFormatter
from tests.targets.header_app.main import app
from tests.targets.serving import Site, serve

PASSWORD = "correct horse"


@pytest_asyncio.fixture
async def site(target_dsn: str) -> AsyncIterator[Site]:
    """The app, without tenants yet."""
    async with serve(app) as site:
        yield site


async def company(site: Site, email: str) -> httpx.AsyncClient:
    """Sign a company up and return its first member's client."""
    client = await site.client()
    account = {"email": email, "password": PASSWORD}
    signup = await client.post("/signup", json={"company_name": "Co", **account})
    client.headers["X-Tenant-ID"] = signup.raise_for_status().json()["tenant_id"]
    login = (await client.post("/login", json=account)).raise_for_status()
    client.headers["Authorization"] = f"Bearer {login.json()['data']['token']}"
    return client


async def test_a_company_keeps_projects_and_their_tasks(site: Site) -> None:
    ann = await company(site, "ann@acme.test")

    created = await ann.post("/projects/", json={"name": "Moon"})
    project = created.json()
    path = f"/projects/{project['id']}"
    task = (await ann.post(f"{path}/tasks/", json={"title": "Fly"})).json()
    done = {"title": "Fly", "done": True, "assignee_id": None}
    changed = await ann.put(f"{path}/tasks/{task['id']}", json=done)

    assert created.status_code == 201
    assert UUID(project["id"]).version == 4
    assert changed.json() == {**task, **done}
    assert (await ann.get(f"{path}/tasks/{task['id']}")).json() == changed.json()
    assert (await ann.get(f"{path}/tasks/")).json() == {
        "items": [changed.json()],
        "total": 1,
    }
    assert (await ann.post("/projects/", json={"name": "Moon"})).status_code == 409
    renamed = await ann.put(path, json={"name": "Mars"})
    assert (await ann.get(path)).json() == renamed.json()
    found = await ann.get("/projects/", params={"q": "mar"})
    assert found.json() == {"items": [renamed.json()], "total": 1}
    assert (await ann.delete(f"{path}/tasks/{task['id']}")).status_code == 204
    assert (await ann.delete(path)).status_code == 204
    assert (await ann.get(path)).status_code == 404


async def test_a_path_without_its_slash_is_redirected(site: Site) -> None:
    ann = await company(site, "ann@acme.test")

    answer = await ann.get("/projects")

    assert answer.status_code == 307
    assert answer.headers["location"].endswith("/projects/")


async def test_a_member_is_added_and_can_be_given_a_task(site: Site) -> None:
    ann = await company(site, "ann@acme.test")
    eve = {"email": "eve@acme.test", "password": PASSWORD}

    member = (await ann.post("/members/", json=eve)).raise_for_status().json()
    project = (await ann.post("/projects/", json={"name": "Moon"})).json()
    task = {"title": "Fly", "assignee_id": member["id"]}
    given = await ann.post(f"/projects/{project['id']}/tasks/", json=task)

    assert given.json()["assignee_id"] == member["id"]
    assert (await ann.post("/members/", json=eve)).status_code == 409
    assert (await ann.get("/members/")).json()["total"] == 2
    assert (await ann.post("/login", json=eve)).status_code == 200


async def test_an_api_key_does_in_place_of_a_token(site: Site) -> None:
    ann = await company(site, "ann@acme.test")
    bob = await company(site, "bob@globex.test")

    key = (await ann.post("/api-keys/", json={"label": "ci"})).json()["key"]
    for client in (ann, bob):
        del client.headers["Authorization"]
        client.headers["X-API-Key"] = key

    assert (await ann.get("/projects/")).status_code == 200
    assert (await bob.get("/projects/")).status_code == 401


async def test_a_request_names_a_tenant_and_proves_to_be_of_it(site: Site) -> None:
    ann = await company(site, "ann@acme.test")
    bob = await company(site, "bob@globex.test")
    nobody = await site.client(**{"X-Tenant-ID": ann.headers["X-Tenant-ID"]})
    wrong = {"email": "ann@acme.test", "password": "wrong"}

    assert (await nobody.get("/ping")).json() == {"answer": "pong"}
    assert (await nobody.get("/projects/")).status_code == 401
    assert (await nobody.post("/login", json=wrong)).status_code == 401
    bob.headers["X-Tenant-ID"] = ann.headers["X-Tenant-ID"]
    assert (await bob.get("/projects/")).status_code == 401
    bob.headers["X-Tenant-ID"] = str(uuid4())
    assert (await bob.get("/projects/")).status_code == 404
    del bob.headers["X-Tenant-ID"]
    assert (await bob.get("/projects/")).status_code == 422


async def test_ids_of_another_company_lead_nowhere(site: Site) -> None:
    ann = await company(site, "ann@acme.test")
    bob = await company(site, "bob@globex.test")
    project = (await ann.post("/projects/", json={"name": "Moon"})).json()
    path = f"/projects/{project['id']}"
    task = (await ann.post(f"{path}/tasks/", json={"title": "Fly"})).json()
    ann_id = (await ann.get("/members/")).json()["items"][0]["id"]
    own = (await bob.post("/projects/", json={"name": "Moon"})).json()

    for lost in (
        await bob.get(path),
        await bob.put(path, json={"name": "Mine"}),
        await bob.delete(path),
        await bob.get(f"{path}/tasks/"),
        await bob.post(f"{path}/tasks/", json={"title": "Mine"}),
        await bob.get(f"{path}/tasks/{task['id']}"),
        await bob.get(f"/projects/{own['id']}/tasks/{task['id']}"),
        await bob.put(f"{path}/tasks/{task['id']}", json={"title": "Mine"}),
        await bob.delete(f"{path}/tasks/{task['id']}"),
    ):
        assert lost.status_code == 404
    stolen = {"title": "Work", "assignee_id": ann_id}
    refused = await bob.post(f"/projects/{own['id']}/tasks/", json=stolen)
    assert refused.status_code == 422
    assert (await ann.get(path)).json() == project
    assert (await ann.get(f"{path}/tasks/")).json() == {"items": [task], "total": 1}


async def test_each_line_of_the_log_is_json_with_its_tenant(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ann = await company(site, "ann@acme.test")

    await ann.post("/projects/", json={"name": "Moon"})

    render = JsonFormatter().format
    lines = [json.loads(render(r)) for r in caplog.records if r.name == "header_app"]
    assert [line["event"] for line in lines] == [
        "company signed up",
        "member logged in",
        "POST /projects/",
        "project created",
    ]
    assert {line["tenant"] for line in lines} == {ann.headers["X-Tenant-ID"]}
