"""Generated requests are accepted by the app that they are generated for."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.parse
from typing import Any

import httpx
import pytest

from harness.model.canary import CanaryKey
from harness.target.generation import Case, Rendered, Slot, cases
from harness.target.openapi import operations
from harness.target.operation import Operation
from harness.target.resources import Resources
from tests.target.everything_app import create_app

KEY = CanaryKey.from_seed(1)
APP = create_app()
OPERATIONS = {op.key: op for op in operations(APP.openapi(), source="app")}
RESOURCES = Resources(OPERATIONS.values())


def canary(slot: Slot) -> Any:
    """Fill a slot as a run does, with a canary of its kind."""
    token = KEY.mint(0, 20)
    return {
        "text": token,
        "email": f"{token}@example.com",
        "url": f"https://{token}.example.com/",
        "uuid": str(KEY.mint_uuid(0, 20)),
        "integer": KEY.mint_int(0, 20),
        "reference": "1",
    }[slot.kind]


def default(slot: Slot) -> Any:
    return slot.default


def made(key: str, *, count: int = 6, seed: int = 1) -> tuple[Case, ...]:
    return cases(OPERATIONS[key], RESOURCES, count=count, seed=seed)


def places(case: Case) -> dict[str, str]:
    return {slot.place: slot.kind for slot in case.slots()}


async def send(operation: Operation, request: Rendered) -> httpx.Response:
    path = operation.path
    values = {"project_id": "1", **request.path}
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", urllib.parse.quote(value, safe=""))
    headers = dict(request.headers)
    if request.content_type:
        headers["content-type"] = request.content_type
    transport = httpx.ASGITransport(APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        return await client.request(
            operation.method,
            path,
            params=list(request.query),
            headers=headers,
            content=request.body,
        )


@pytest.mark.parametrize("key", OPERATIONS)
@pytest.mark.parametrize("fill", [canary, default])
async def test_the_app_accepts_each_case(key: str, fill: Any) -> None:
    found = made(key)

    assert found
    for case in found:
        answer = await send(OPERATIONS[key], case.render(fill))
        assert answer.status_code in {200, 201}, (case, answer.text)


def test_the_first_case_has_a_slot_wherever_a_canary_fits() -> None:
    slots = places(made("POST /texts")[0])

    assert slots == {
        "body.title": "text",
        "body.long": "text",
        "body.slug": "text",
        "body.note": "text",
        "body.secret": "text",
        "body.url": "url",
        "body.link": "url",
        "body.blob": "text",
        "body.either": "text",
        "body.email": "email",
        "body.contact": "email",
    }
    assert places(made("POST /numbers")[0]) == {"body.free": "integer"}
    assert places(made("POST /others")[0]) == {"body.ref": "uuid"}


def test_the_second_case_has_only_what_is_required() -> None:
    slots = places(made("POST /texts")[1])

    assert "body.title" in slots
    assert "body.note" not in slots
    assert "body.link" not in slots


def test_nested_objects_arrays_and_references_have_their_places() -> None:
    slots = places(made("PUT /projects/{project_id}/nested/{name}")[0])

    assert slots["body.texts.title"] == "text"
    assert slots["body.tree.children.0.label"] == "text"
    assert slots["body.free.note"] == "text"
    assert slots["body.pair.1"] == "text"
    assert slots["body.project_id"] == "reference"
    assert slots["body.project_ids.0"] == "reference"
    assert slots["path.name"] == "text"
    assert "path.project_id" not in slots


def test_the_key_of_an_object_fills_a_reference_in_the_type_that_is_declared() -> None:
    case = made("PUT /projects/{project_id}/nested/{name}")[0]
    kinds = {slot.reference for slot in case.slots() if slot.kind == "reference"}

    body = json.loads(case.render(canary).body)

    assert kinds == {"/projects"}
    assert body["project_id"] == 1
    assert body["project_ids"] == [1]


def test_optional_parameters_are_sent_only_to_carry_a_canary() -> None:
    full, bare, *_ = made("GET /projects")

    assert [name for name, _ in full.query] == ["status", "q"]
    assert [name for name, _ in full.headers] == ["x-note"]
    assert [name for name, _ in bare.query] == ["status"]
    assert bare.headers == ()


def test_identities_are_never_generated() -> None:
    found = made("GET /projects", count=12)
    sent = {name for case in found for name, _ in case.headers}

    assert not sent & {"authorization", "cookie", "x-tenant-id"}


def test_plain_values_in_the_path_are_given() -> None:
    case = made("PATCH /reports/{day}/{colour}")[0]

    assert case.path == {"day": "2024-05-17", "colour": "red"}


def test_an_uploaded_file_holds_and_is_named_by_a_canary() -> None:
    case = made("POST /files")[0]
    body = case.render(canary).body
    token = KEY.mint(0, 20).encode()

    assert places(case)["body.main"] == "text"
    assert f'filename="{token.decode()}.txt"'.encode() in body
    assert body.count(token) >= 5


async def test_an_uploaded_file_arrives() -> None:
    answer = await send(
        OPERATIONS["POST /files"], made("POST /files")[0].render(canary)
    )

    token = KEY.mint(0, 20)
    assert answer.headers["x-received"] == f"{token}.txt {token}"


def test_the_password_grant_names_itself() -> None:
    body = made("POST /token")[0].render(canary).body

    fields = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
    assert fields["grant_type"] == "password"
    assert fields["username"] == KEY.mint(0, 20)


def test_a_short_canary_is_padded_to_the_length_that_is_asked_for() -> None:
    body = json.loads(made("POST /texts")[0].render(canary).body)

    assert body["long"].startswith(KEY.mint(0, 20))
    assert len(body["long"]) == 40


def test_no_two_cases_are_the_same_request() -> None:
    for key in OPERATIONS:
        sent = [case.render(canary) for case in made(key)]
        different = {(repr(one), one.body) for one in sent}

        assert len(different) == len(sent)


def test_drawn_cases_differ_from_the_first_two() -> None:
    assert len(made("POST /numbers", count=6)) == 6


def test_the_same_seed_makes_the_same_cases() -> None:
    one, other = made("POST /numbers", seed=5), made("POST /numbers", seed=5)
    different = made("POST /numbers", seed=6)

    assert one == other
    assert one != different


def test_another_process_makes_the_same_cases() -> None:
    code = (
        "from tests.target.test_generation import made;"
        "print([repr(made(k)) for k in ('POST /numbers', 'POST /form')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    expected = [repr(made(key)) for key in ("POST /numbers", "POST /form")]
    assert run.stdout.strip() == str(expected)


def explicit(**more: Any) -> Case:
    operation = Operation(method="POST", path="/x", **more)
    (case,) = cases(operation, Resources([operation]), count=5, seed=1)
    return case


def test_an_explicit_operation_has_one_case_with_its_templates() -> None:
    case = explicit(
        body={"title": "about {canary}", "who": "{email}", "n": 3, "l": ["{canary}"]},
        query={"q": "{canary}", "t": "{slug}"},
    )

    assert places(case) == {
        "body.title": "text",
        "body.l.0": "text",
        "query.q": "text",
    }
    kept = case.render(lambda _: "zzz")
    assert json.loads(kept.body) == {
        "title": "about zzz",
        "who": "{email}",
        "n": 3,
        "l": ["zzz"],
    }
    assert kept.query == (("q", "zzz"), ("t", "{slug}"))
    assert kept.content_type == "application/json"


def test_the_caller_writes_the_other_templates_of_an_explicit_operation() -> None:
    case = explicit(
        body={"who": "{email}", "title": "{canary}"},
        content_type="application/x-www-form-urlencoded",
    )

    body = case.render(
        lambda _: "zzz", write=lambda text: text.format(email='a"&b@c')
    ).body

    assert urllib.parse.parse_qs(body.decode()) == {"who": ['a"&b@c'], "title": ["zzz"]}


def test_an_explicit_body_of_bytes_stays_as_it_is() -> None:
    rendered = explicit(body=b"\x00{canary}").render(lambda _: "zzz")

    assert rendered.body == b"\x00{canary}"
    assert rendered.content_type == "application/octet-stream"


def test_the_authors_example_is_used_where_no_canary_fits() -> None:
    case = made("POST /texts")[0]

    assert case.body["phone"] == "+15555550100"
    assert case.body["literal"] == "fixed"
