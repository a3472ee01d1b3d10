"""Answers that a client has already are not sent again; others' tags match nothing."""

from __future__ import annotations

import pytest

from tests.reference_app.running import running


@pytest.mark.parametrize("path", ["/documents", "/documents/{id}", "/summary"])
async def test_what_the_client_has_is_304_until_it_changes(
    dsn: str, path: str, storage: str
) -> None:
    async with running(dsn, storage=storage) as app:
        a = await app.tenant("a")
        document = await a.write("first")
        path = path.format(id=document)
        full = await a.get(path)
        tag = full.headers["etag"]

        again = await a.send("GET", path, headers={"if-none-match": tag})
        await a.put(f"/documents/{document}", {"title": "second"})
        changed = await a.send("GET", path, headers={"if-none-match": tag})

        assert not tag.startswith("W/")
        assert full.headers["cache-control"] == "private, no-cache"
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["vary"] == "Authorization"
        assert changed.status_code == 200
        assert changed.headers["etag"] != tag
        assert "second" in changed.text


async def test_a_tag_of_another_tenant_matches_nothing_though_the_bytes_are_equal(
    dsn: str,
) -> None:
    async with running(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        of_a, of_b = await a.get("/documents"), await b.get("/documents")
        assert of_a.content == of_b.content

        answer = await b.send(
            "GET", "/documents", headers={"if-none-match": of_a.headers["etag"]}
        )

        assert answer.status_code == 200
        assert of_a.headers["etag"] != of_b.headers["etag"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("{tag}", 304),
        ("W/{tag}", 304),
        ('"another", {tag}', 304),
        ("*", 304),
        ('"another"', 200),
        ("nonsense", 200),
        ("", 200),
    ],
)
async def test_lists_weak_tags_and_nonsense_are_read_as_the_standard_has_it(
    dsn: str, sent: str, status: int
) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        tag = (await a.get("/summary")).headers["etag"]

        answer = await a.send(
            "GET", "/summary", headers={"if-none-match": sent.format(tag=tag)}
        )

        assert answer.status_code == status


async def test_a_document_that_is_gone_is_404_whatever_the_client_has(dsn: str) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        path = f"/documents/{await a.write('x')}"
        await a.delete(path)

        answer = await a.send("GET", path, headers={"if-none-match": "*"})

        assert answer.status_code == 404
