"""The app's description of itself; each test's answers are checked against it too."""

from __future__ import annotations

from typing import Any

import pytest

from reference_app.main import create_app
from tests.reference_app.running import running, settings_for

OTHER_MEDIA = {
    ("post", "/assistant/messages"): "text/event-stream",
    ("get", "/events"): "text/event-stream",
    ("get", "/exports/{export_id}/file"): "text/csv",
    ("get", "/metrics"): "text/plain",
}
PUBLIC = {"/livez", "/readyz", "/plans", "/token"}


@pytest.fixture(scope="module")
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Return all operations by method and path."""
    document = create_app(settings_for("postgresql://nowhere/x")).openapi()
    return {
        (method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_operation_declares_its_success_with_a_model(
    operations: dict[tuple[str, str], dict[str, Any]],
) -> None:
    for key, operation in operations.items():
        (status,) = [s for s in operation["responses"] if s < "300"]
        if status == "204":
            continue
        if key in OTHER_MEDIA:
            content = operation["responses"][status]["content"]
            assert list(content) == [OTHER_MEDIA[key]]
            continue
        schema = operation["responses"][status]["content"]["application/json"]["schema"]
        assert schema.keys() & {"$ref", "items"}, key


def test_every_error_is_a_problem_document(
    operations: dict[tuple[str, str], dict[str, Any]],
) -> None:
    for key, operation in operations.items():
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"], key


def test_every_operation_but_the_public_ones_needs_a_login_and_says_so(
    operations: dict[tuple[str, str], dict[str, Any]],
) -> None:
    for (_, path), operation in operations.items():
        operators = path.startswith(("/admin", "/metrics"))
        scheme = "operator" if operators else "member"
        needed = set() if path in PUBLIC else {scheme}
        declared = {name for entry in operation.get("security", ()) for name in entry}
        assert declared == needed, path
        if needed:
            assert "401" in operation["responses"]


def test_every_operation_of_a_tenant_declares_what_resolving_it_can_answer(
    operations: dict[tuple[str, str], dict[str, Any]],
) -> None:
    for (_, path), operation in operations.items():
        if not path.startswith(("/admin", "/livez", "/readyz", "/metrics")):
            assert {"403", "404", "503"} <= operation["responses"].keys(), path


def test_operations_have_names_of_their_own(
    operations: dict[tuple[str, str], dict[str, Any]],
) -> None:
    names = [operation["operationId"] for operation in operations.values()]

    assert len(set(names)) == len(names)
    assert "create_document" in names


@pytest.mark.parametrize(
    ("method", "url", "sent", "expected"),
    [
        ("GET", "/documents/0", {}, 422),
        ("GET", "/documents/2147483648", {}, 422),
        ("GET", "/documents/2147483647", {}, 404),
        ("GET", "/documents/one", {}, 422),
        ("GET", "/documents?limit=101", {}, 422),
        ("GET", "/documents?offset=2147483648", {}, 422),
        ("GET", "/documents/search", {}, 422),
        ("GET", "/documents/search?q=%00", {}, 422),
        ("POST", "/documents", {"json": {"title": "\0"}}, 422),
        ("POST", "/documents", {"json": {"title": "x", "extra": 1}}, 422),
        ("POST", "/documents", {"content": b'{"title": "\\ud800"}'}, 422),
        ("POST", "/documents", {"content": b"{"}, 422),
        ("POST", "/documents", {"content": b'{"title": "\xff"}'}, 400),
        ("PUT", "/flags/NOT%20A%20NAME", {"json": {"enabled": True}}, 422),
        ("PUT", "/configuration", {"json": {"page_size": 0}}, 422),
        ("PUT", "/configuration", {"json": {"greeting": "\0"}}, 422),
        ("POST", "/token", {"data": {"username": "x"}}, 422),
        ("GET", "/documents/", {}, 404),
        ("PATCH", "/documents", {}, 405),
        ("GET", "/nothing", {}, 404),
    ],
)
async def test_bad_requests_are_told_so_as_declared(
    dsn: str, method: str, url: str, sent: dict[str, Any], expected: int
) -> None:
    async with running(dsn) as app:
        acme = await app.tenant("acme")
        if "content" in sent:
            sent = {**sent, "headers": {"content-type": "application/json"}}

        response = await acme.send(method, url, **sent)

        assert response.status_code == expected, response.text
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == expected


async def test_a_refused_value_is_not_repeated(dsn: str) -> None:
    async with running(dsn) as app:
        acme = await app.tenant("acme")
        new = {"email": "hunter2 hunter2", "name": "x", "password": "hunter2"}

        response = await acme.post("/members", new)

        assert response.status_code == 422
        assert {error["location"] for error in response.json()["errors"]} == {
            "body.email",
            "body.password",
        }
        assert "hunter2" not in response.text
