"""Webhooks: where the tenant's own services are told of changes."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from reference_app.api.dependencies import (
    MEMBER_ERRORS,
    Administrator,
    AppResources,
    Current,
    Id,
    Limit,
    Offset,
    page_size,
)
from reference_app.changes import Change
from reference_app.problems import ProblemError, not_found, problems
from reference_app.storage.seam import SigningWebhook, Webhook
from reference_app.text import WebhookSecret, WebhookUrl
from reference_app.webhooks.addresses import AddressRefused

router = APIRouter(prefix="/webhooks", tags=["webhooks"], responses=MEMBER_ERRORS)

_MOST = 20


class NewWebhook(BaseModel):
    """A webhook as an administrator adds it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    url: WebhookUrl
    secret: WebhookSecret = Field(
        repr=False, description="Signs what is sent; nobody can read it again."
    )


class WebhookPage(BaseModel):
    """Some of the webhooks."""

    items: Sequence[Webhook]


@router.post(
    "",
    status_code=201,
    responses=problems(400, 409, 422)
    | {201: {"headers": {"Location": {"schema": {"type": "string"}}}}},
)
async def create_webhook(
    caller: Administrator,
    current: Current,
    resources: AppResources,
    new: NewWebhook,
    response: Response,
) -> Webhook:
    """Add a webhook; administrators only.

    It gets a signed POST for each change of a document: `X-Webhook-Signature` is
    `sha256=` and the HMAC-SHA256 of `<X-Webhook-Timestamp>.<body>` in hex digits.
    """
    try:
        resources.webhooks.check(new.url)
    except AddressRefused:
        detail = "Webhooks go to public addresses, by https."
        raise ProblemError(400, "address-refused", detail) from None
    created: Webhook | None = None

    async def write() -> Sequence[SigningWebhook]:
        nonlocal created
        async with current.store.session() as session:
            if len(await session.webhooks.page(_MOST, 0)) >= _MOST:
                detail = f"Remove one of the {_MOST} first."
                raise ProblemError(409, "too-many-webhooks", detail)
            created = await session.webhooks.create(new.url, new.secret)
            return await session.webhooks.all_with_secrets()

    await resources.webhook_cache.replace(current.tenant, write)
    assert created is not None  # noqa: S101 - for mypy: `write` has run
    change = Change("webhook.created", f"webhook {created.id}: {created.url}")
    resources.changes.announce(current.tenant, caller, change)
    response.headers["Location"] = f"/webhooks/{created.id}"
    return created


@router.get("", responses=problems(422))
async def list_webhooks(
    caller: Administrator,
    current: Current,
    resources: AppResources,
    limit: Limit = None,
    offset: Offset = 0,
) -> WebhookPage:
    """List webhooks, the oldest first; administrators only."""
    size = await page_size(resources, current, limit)
    async with current.store.session() as session:
        return WebhookPage(items=await session.webhooks.page(size, offset))


@router.delete("/{webhook_id}", status_code=204, responses=problems(422))
async def delete_webhook(
    caller: Administrator, current: Current, resources: AppResources, webhook_id: Id
) -> None:
    """Remove a webhook; administrators only."""

    async def write() -> Sequence[SigningWebhook]:
        async with current.store.session() as session:
            if not await session.webhooks.delete(webhook_id):
                raise not_found("webhook")
            return await session.webhooks.all_with_secrets()

    await resources.webhook_cache.replace(current.tenant, write)
    change = Change("webhook.deleted", f"webhook {webhook_id}")
    resources.changes.announce(current.tenant, caller, change)
