"""Requests are written so that each value arrives as it is."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.canary import CanaryKey
from harness.model.scanner import Scanner
from harness.model.step import Principal, Role, Step
from harness.model.world import Access
from harness.provisioning.addresses import Addresses
from harness.provisioning.belongings import Belongings
from harness.provisioning.catalogue import make_catalogue
from harness.provisioning.client import Call, Meaning
from harness.provisioning.composing import Composed, Composer, Impossible
from harness.provisioning.fields import Fields
from harness.provisioning.people import mint_tenant
from harness.target.operation import Operation
from harness.target.selector import (
    HeaderSelector,
    ParameterSelector,
    PrefixSelector,
    Selector,
)
from harness.target.target import Target
from harness.target.tools import Tools
from tests.provisioning.opening import made, opened, own, probe

KEY = CanaryKey.from_seed(7)
HOSTILE = ["a/b", "%2F", "%", "..", ".", "...", "ü x", "a?b#c", "a;b,c&d=e", "{house}"]
READ, WRITE = "GET /files/{file_id}", "PUT /files/{file_id}"


async def provision(tools: Tools, tenant: Any) -> None:
    await tools.request("POST", "/join", json={"name": tenant.slug})


def parameter(name: str, place: str, *, required: bool = True) -> dict[str, Any]:
    schema = {"type": "string"}
    return {"name": name, "in": place, "required": required, "schema": schema}


def document() -> bytes:
    body = {
        "type": "object",
        "required": ["code", "title"],
        "properties": {
            "code": {"type": "string", "format": "uuid"},
            "title": {"type": "string", "maxLength": 18},
        },
    }
    item = [parameter("file_id", "path"), parameter("X-Realm", "header")]
    answer = {"200": {"description": "", "content": {"application/json": {}}}}
    write = {"content": {"application/json": {"schema": body}}, "required": True}
    paths = {
        "/files/{file_id}": {
            "get": {"parameters": item, "responses": answer},
            "put": {"parameters": item, "responses": answer, "requestBody": write},
        }
    }
    info = {"title": "files", "version": "1"}
    return json.dumps({"openapi": "3.1.0", "info": info, "paths": paths}).encode()


def composer(
    selector: Selector, *, mark: str = ""
) -> tuple[Composer, Mapping[str, Operation]]:
    target = Target(app="a:b", provision=provision, selector=selector)
    catalogue = make_catalogue(target, document(), seed=1)
    tenants = tuple(mint_tenant(KEY, i, domain="{slug}.test") for i in range(2))
    made_ = Composer(
        catalogue,
        tenants,
        [Access(), Access()],
        Belongings(),
        selector=selector,
        key=KEY,
        scanner=Scanner(KEY),
        fields=Fields(),
        addresses=Addresses(),
        mark=mark,
    )
    return made_, catalogue.operations


REALM = HeaderSelector("X-Realm")
FILES, OPERATIONS = composer(REALM)


def compose(
    key: str, *, role: Role = Role.CONTROL, operation: str = READ, by: Composer = FILES
) -> Composed | Impossible:
    step = Step(operation, Principal(0, 0), 0, role)
    return by.compose(OPERATIONS[operation], (key,), step)


def call(made_: Composed | Impossible) -> Call:
    assert isinstance(made_, Composed)
    return made_.call


@given(key=st.text(min_size=1) | st.sampled_from(HOSTILE))
def test_a_key_stays_one_segment_and_can_be_decoded(key: str) -> None:
    start, files, segment = call(compose(key)).path.split("/")

    assert (start, files) == ("", "files")
    assert segment.isascii()
    assert segment.strip(".")
    assert not set(segment) & set("?#/ ")
    assert unquote(segment) == key


def test_an_empty_key_leads_nowhere() -> None:
    assert isinstance(compose(""), Impossible)


@pytest.mark.parametrize("text", HOSTILE)
async def test_an_app_gets_hostile_keys_as_they_are(text: str) -> None:
    target = Target(
        app="tests.provisioning.apps.places:create",
        provision=provision,
        selector=ParameterSelector("house"),
    )
    async with opened(target) as app:
        driver, catalogue = await app.driver()
        operation = catalogue.operations["GET /{house}/echo/{text}"]

        composed = driver._composer.compose(operation, (text,), own(operation.key, 0))
        meaning = Meaning(operation.key, Principal(0, 0), Role.CONTROL)
        reply = await app.client.send(call(composed), meaning)

    if "/" in text:
        # Starlette decodes before it routes: no value with a slash gets through.
        assert reply.answer.status == 404
    else:
        house = driver.cast.tenants[0].slug
        assert reply.answer.json() == {"house": house, "text": text}


async def places(selector: Selector) -> tuple[list[str], list[str]]:
    """Return what each principal's reading of files asked for, and its outcome."""
    target = Target(
        app="tests.provisioning.apps.places:create",
        provision=provision,
        selector=selector,
        public=("/health",),
    )
    asked, refused = [], []
    async with opened(target) as app:
        driver, _ = await app.driver()
        names = {tenant.slug: tenant.alias for tenant in driver.cast.tenants}
        for selected in (0, 1, None):
            for operation in ("GET /{house}/files", "GET /health"):
                outcome = await driver.make(probe(operation, None, selected, 0))
                if isinstance(outcome, Impossible):
                    refused.append(f"{operation}: {outcome.reason}")
                    continue
                path = (await app.seen())[-1]["path"]
                for slug, alias in names.items():
                    path = path.replace(slug, alias)
                asked.append(path)
        return asked, refused


async def test_a_path_parameter_selects_and_is_no_object() -> None:
    asked, refused = await places(ParameterSelector("house"))

    assert asked == ["/A/files", "/health", "/B/files", "/health", "/health"]
    assert refused == [
        "GET /{house}/files: the path cannot be written without a tenant"
    ]


async def test_a_prefix_goes_before_whatever_path() -> None:
    asked, _ = await places(PrefixSelector("/at/{slug}"))

    assert asked == ["/at/A/health", "/at/B/health", "/health"]


async def test_objects_below_a_tenants_parameter_are_kept_by_their_own_key() -> None:
    target = Target(
        app="tests.provisioning.apps.places:create",
        provision=provision,
        selector=ParameterSelector("house"),
    )
    async with opened(target) as app:
        driver, _ = await app.driver()

        read = await made(driver, own("GET /{house}/files/{file_id}", 1))

    owned = [(one.kind, one.keys) for one in driver.belongings.listed(1)]
    assert owned[:2] == [("/{}/files", ("0 ü.txt",)), ("/{}/files", ("1 ü.txt",))]
    assert read.succeeded


def test_a_header_that_selects_is_left_out_for_nobody_though_it_is_required() -> None:
    operation = OPERATIONS[READ]
    nobody = Step(READ, Principal(None, None), 0, Role.PROBE)
    other = Step(READ, Principal(0, 1), 0, Role.PROBE)

    headers = [
        dict(call(FILES.compose(operation, ("a",), step)).headers)
        for step in (nobody, other)
    ]

    assert "x-realm" not in headers[0]
    assert headers[1]["x-realm"] == mint_tenant(KEY, 1, domain="{slug}").slug


def test_ids_that_are_sent_are_canaries_when_seeded_and_always_unique() -> None:
    codes = []
    for mark in ("", "0"):
        by, _ = composer(REALM, mark=mark)
        for role in (Role.SEED, Role.SEED, Role.CONTROL):
            body = call(compose("a", role=role, operation=WRITE, by=by)).body
            codes.append(uuid.UUID(json.loads(body)["code"]))

    scanner = Scanner(KEY)
    canaries = [bool(scanner.scan_text(str(code))) for code in codes]
    assert canaries == [True, False, False] * 2
    assert len(set(codes)) == 5
    assert {code.version for code in codes} == {4}


def test_texts_of_two_composers_differ_while_there_is_room() -> None:
    titles = set()
    for mark in ("", "0"):
        by, _ = composer(REALM, mark=mark)
        body = json.loads(call(compose("a", operation=WRITE, by=by)).body)
        titles.add(body["title"])
        assert len(body["title"]) <= 18

    assert len(titles) == 2
