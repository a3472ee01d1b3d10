"""Webhooks that are told, or signed for, as if they were another tenant's."""

from __future__ import annotations

import hashlib
import hmac

from tests.mutants.held_receiver import held_receiver
from tests.mutants.variants import Serve, Variant, beside
from tests.reference_app.running import TenantClient
from tests.reference_app.test_webhooks import Received, receiver
from tests.waiting import until

LOOPBACK = "127.0.0.0/8"


async def hook(client: TenantClient, url: str, secret: str) -> None:
    """Add a webhook."""
    added = await client.post("/webhooks", {"url": url, "secret": secret})
    assert added.status_code == 201, added.text


def is_signed_with(secret: str, message: Received) -> bool:
    """Tell whether a receiver who knows the secret would believe a message."""
    signed = message.headers["x-webhook-timestamp"].encode() + b"." + message.body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return message.headers["x-webhook-signature"] == f"sha256={digest}"


@beside("webhooks-of-last")
async def test_a_tenants_changes_go_to_another_tenants_webhook(
    serve: Serve, variant: Variant
) -> None:
    async with (
        receiver() as there,
        serve(variant.having(webhook_networks=LOOPBACK)) as app,
    ):
        a, b = await app.tenant("a"), await app.tenant("b")
        await hook(a, there.url("/of-a"), "the secret of A!")
        await hook(b, there.url("/of-b"), "the secret of B!")

        await a.write("only for A")
        message = await there.next()

        assert message.json["data"]["title"] == "only for A"
        assert message.path == ("/of-b" if variant.leaks else "/of-a")


@beside("webhook-secret-by-number")
async def test_what_is_sent_is_signed_with_the_secret_of_another_tenant(
    serve: Serve, variant: Variant
) -> None:
    async with (
        receiver() as there,
        serve(variant.having(webhook_networks=LOOPBACK)) as app,
    ):
        a, b = await app.tenant("a"), await app.tenant("b")
        await hook(a, there.url("/of-a"), "the secret of A!")
        await hook(b, there.url("/of-b"), "the secret of B!")
        await a.write("only for A")
        assert is_signed_with("the secret of A!", await there.next())

        await b.write("only for B")
        message = await there.next()

        assert message.path == "/of-b"
        assert is_signed_with("the secret of A!", message) is variant.leaks
        assert is_signed_with("the secret of B!", message) is not variant.leaks


@beside("webhook-event-of-last")
async def test_an_event_that_has_waited_is_that_of_another_tenant(
    serve: Serve, variant: Variant
) -> None:
    async with (
        held_receiver() as there,
        serve(variant.having(webhook_networks=LOOPBACK)) as app,
    ):
        a, b = await app.tenant("a"), await app.tenant("b")
        await hook(a, there.url("/held"), "the secret of A!")
        await a.write("first of A")
        await there.came.wait()
        await a.write("second of A")
        await b.write("only for B")
        there.may_go.set()
        await until(lambda: len(there.got) == 2)

        first, second = (message for _, message in there.got)
        assert first["data"]["title"] == "first of A"
        expected = "only for B" if variant.leaks else "second of A"
        assert second["data"]["title"] == expected
        assert second["tenant"] == "a"
