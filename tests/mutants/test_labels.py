"""Which tenant a log line names, or a metric."""

from __future__ import annotations

import json

import pytest

from reference_app.logs import LOGGER
from tests.mutants.variants import Serve, Variant, beside
from tests.reference_app.test_metrics import requests, scrape


@beside("label-of-last-tenant")
async def test_the_line_of_a_request_names_the_tenant_of_the_one_before(
    serve: Serve, variant: Variant, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.get("/documents/count")
        caplog.clear()

        answers = [await one.get("/documents/count") for one in (b, a, b, b)]

    lines = [
        json.loads(record.getMessage())
        for record in caplog.records
        if record.name == LOGGER
    ]
    named = [line["tenant"] for line in lines]
    assert named == (["a", "b", "a", "b"] if variant.leaks else ["b", "a", "b", "b"])
    assert [line["request_id"] for line in lines] == [
        answer.headers["x-request-id"] for answer in answers
    ]


@beside("series-by-route", "label-from-context")
async def test_requests_count_for_the_tenant_that_used_the_route_first(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.get("/documents/count")
        for _ in range(3):
            await b.get("/documents/count")
        await app.send("GET", "/livez")

        counted = requests(await scrape(app))

    ours = {
        labels[0]: count
        for labels, count in counted.items()
        if labels[2] == "/documents/count"
    }
    assert ours == ({"a": 4} if variant.leaks else {"a": 1, "b": 3})
    assert counted["_none", "GET", "/livez", "2xx"] == 1
