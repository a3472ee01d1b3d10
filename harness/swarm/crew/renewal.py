"""Renewal: takes what authenticates a user out of the answer to its login."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from harness.model.world import Access

if TYPE_CHECKING:
    from harness.model.prepared import Entry
    from harness.swarm.crew.reply import Reply


def access_of(entry: Entry, reply: Reply) -> Access | None:
    """Return what a login gave; None if it gave nothing."""
    if not entry.token:
        return _cookies(reply)
    value: Any = None
    try:
        value = json.loads(reply.body)
        for part in entry.token.split("."):
            value = value[int(part)] if isinstance(value, list) else value[part]
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    if not value or not isinstance(value, str | int):
        return None
    token = str(value)
    header = f"{entry.scheme} {token}" if entry.scheme else token
    return Access(((entry.header, header),), _expiry(token))


def _cookies(reply: Reply) -> Access | None:
    jar = {}
    for name, value in reply.headers():
        if name.lower() == "set-cookie":
            key, _, content = value.partition(";")[0].partition("=")
            if content.strip().strip('"'):
                jar[key.strip()] = content.strip()
    pairs = "; ".join(f"{name}={value}" for name, value in jar.items())
    return Access((("cookie", pairs),)) if pairs else None


def _expiry(token: str) -> float:
    """Return when a JWT (RFC 7519) expires; 0 for never, and for other tokens."""
    try:
        payload = token.split(".")[1]
        padded = payload + "=" * (-len(payload) % 4)
        return float(json.loads(base64.urlsafe_b64decode(padded)).get("exp") or 0)
    except (IndexError, ValueError, TypeError, AttributeError):
        return 0.0
