"""Which tenant a log line names."""

from __future__ import annotations

import json

import pytest

from reference_app.logs import LOGGER
from tests.mutants.variants import Serve, Variant, beside


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
