"""Answers that a client need not get again if it has them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import Header, Response

from reference_app.caches.rendered import Rendered

_TAG = re.compile(r'"[^"]*"')

IfNoneMatch = Annotated[
    str | None,
    Header(description='Tags of what the client has, or "*".', max_length=8192),
]

_HEADERS: dict[str, Any] = {
    "ETag": {
        "schema": {"type": "string"},
        "description": "Strong; names exactly these bytes of exactly this tenant.",
    },
    "Cache-Control": {"schema": {"type": "string"}},
    "Vary": {"schema": {"type": "string"}},
}

CONDITIONAL: dict[int | str, dict[str, Any]] = {
    200: {"headers": _HEADERS},
    304: {"description": "The client has this already", "headers": _HEADERS},
}
"""What an operation that uses `answer` declares, in the shape of `responses`."""


def answer(rendered: Rendered, if_none_match: str | None) -> Response:
    """Return an answer as JSON, or that the client has it.

    Only the client's own cache may keep it (`private`), and has to ask each
    time (`no-cache`): what is asked is answered for the tenant of the request,
    so a tag of another tenant's matches nothing.
    """
    headers = {
        "ETag": rendered.etag,
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization",
    }
    if if_none_match is not None and _matches(rendered.etag, if_none_match):
        return Response(status_code=304, headers=headers)
    return Response(rendered.body, media_type="application/json", headers=headers)


def _matches(etag: str, if_none_match: str) -> bool:
    """Compare weakly (RFC 9110, section 13.1.2): a `W/` in front does not count."""
    if if_none_match.strip() == "*":
        return True
    return etag in _TAG.findall(if_none_match)
