"""Hubs that tell listeners, or end their streams, over the borders of tenants."""

from __future__ import annotations

from tests.mutants.variants import ServeOnSocket, Variant, beside, harmless
from tests.reference_app.serving import said


@beside("events-replayed", "filtered-at-listener")
async def test_who_begins_to_listen_is_told_what_was_at_another_tenant(
    serve_on_socket: ServeOnSocket, variant: Variant
) -> None:
    async with serve_on_socket(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.write("only for A")

        async with b.listening() as stream, b.socket() as socket:
            await said(socket)
            await b.write("only for B")
            frame, message = await stream.next(), await said(socket)

        expected = "only for A" if variant.leaks else "only for B"
        assert frame.data["data"]["title"] == expected
        assert message["data"]["title"] == expected


@beside("broadcast-of-deletions", "filtered-at-listener")
async def test_what_was_deleted_is_told_at_another_tenant(
    serve_on_socket: ServeOnSocket, variant: Variant
) -> None:
    async with serve_on_socket(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        async with b.listening() as stream:
            document = await a.write("only for A")
            await a.send("DELETE", f"/documents/{document}")
            await b.write("only for B")

            first = await stream.next()

        told = "document.deleted" if variant.leaks else "document.created"
        assert first.name == told


@beside("every-stream-ends")
async def test_streams_end_when_another_tenant_is_suspended(
    serve_on_socket: ServeOnSocket, variant: Variant
) -> None:
    async with serve_on_socket(variant) as app:
        _, b = await app.tenant("a"), await app.tenant("b")
        async with b.listening() as stream:
            suspended = {"status": "suspended"}
            await app.operate("PUT", "/admin/tenants/a/status", json=suspended)
            await b.write("only for B")

            first = await stream.next()

        assert first.name == ("end" if variant.leaks else "document.created")


async def test_listeners_who_hear_of_everything_tell_their_tenants_events(
    serve_on_socket: ServeOnSocket,
) -> None:
    async with serve_on_socket(harmless("filtered-at-listener")) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        async with a.listening() as at_a, b.listening() as at_b:
            for title in ("first", "second"):
                for one in (a, b):
                    await one.write(f"{title} of {one.slug}")
            heard = [
                [(await stream.next()).data["data"]["title"] for _ in "12"]
                for stream in (at_a, at_b)
            ]

        assert heard == [["first of a", "second of a"], ["first of b", "second of b"]]
