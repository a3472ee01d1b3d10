"""Each line says whose request it is about, and nothing that is nobody's business."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import asyncpg
import pytest

from reference_app.logs import LOGGER
from tests.reference_app.running import OPERATOR, PASSWORD, running


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Read what the app has logged through the standard library."""
    return [
        json.loads(record.getMessage())
        for record in caplog.records
        if record.name == LOGGER
    ]


async def test_each_request_has_a_line_with_its_tenant_and_its_own_id(
    dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        caplog.clear()

        answers = [await a.get("/documents/7"), await b.get("/documents/count")]

        first, second = lines(caplog)
        assert (first["tenant"], second["tenant"]) == ("a", "b")
        assert [line["request_id"] for line in (first, second)] == [
            answer.headers["x-request-id"] for answer in answers
        ]
        assert first["request_id"] != second["request_id"]
        assert (first["route"], first["status"]) == ("/documents/{document_id}", 404)


async def test_every_line_carries_a_tenant_from_start_to_end(
    dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        await a.write("x")
        for path in ("/livez", "/readyz", "/openapi.json"):
            await app.send("GET", path)
        await app.send("GET", "/documents", host="nobody.localhost")
    async with running(dsn):
        pass

    assert len(lines(caplog)) >= 5
    assert {line.get("tenant") for line in lines(caplog)} == {"a"}


async def test_no_secret_body_or_address_is_logged(
    dsn: str, caplog: pytest.LogCaptureFixture, database: asyncpg.Connection
) -> None:
    caplog.set_level(logging.INFO)
    async with running(dsn) as app:
        a = await app.tenant("a")
        await a.write("a private title", "a private body")
        await a.get("/documents/search?q=private")
        await a.put("/flags/private-flag", {"enabled": True})
        await a.post(
            "/members", {"email": "boss@a.example", "name": "x", "password": 1}
        )
        await database.execute("DROP TABLE tenant_a.documents")
        failed = await a.post("/documents", {"title": "a private title"})

    assert failed.status_code == 500
    text = "\n".join(
        record.getMessage() for record in caplog.records if record.name != "httpx"
    )
    for secret in ("private", "boss@", PASSWORD, OPERATOR, a.token, dsn):
        assert secret not in text


async def test_an_unexpected_error_is_500_with_a_line_that_says_where(
    dsn: str, caplog: pytest.LogCaptureFixture, database: asyncpg.Connection
) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        await database.execute("DROP TABLE tenant_a.documents")
        caplog.clear()

        response = await a.get("/documents/1")

        assert response.status_code == 500
        assert "tenant_a" not in response.text
        failure, request = lines(caplog)
        assert failure["error"] == "UndefinedTableError"
        assert re.search(r"documents\.get:\d+$", failure["where"])
        assert failure["tenant"] == request["tenant"] == "a"
        assert request["status"] == 500


async def test_logging_of_the_process_stays_as_it_was(dsn: str) -> None:
    own = logging.getLogger(LOGGER)
    before = (logging.root.handlers[:], logging.root.level, own.handlers[:], own.level)

    async with running(dsn):
        assert logging.root.handlers == before[0]
        assert own.propagate

    after = (logging.root.handlers[:], logging.root.level, own.handlers[:], own.level)
    assert after == before
