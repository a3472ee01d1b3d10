"""How a receiver knows that a message is ours, and not an old one."""

from __future__ import annotations

import hashlib
import hmac

TIMESTAMP = "X-Webhook-Timestamp"
SIGNATURE = "X-Webhook-Signature"


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return the signature: HMAC-SHA256 over `<timestamp>.<body>`, as hex digits.

    The receiver computes the same, compares in constant time, and refuses what is
    older than a few minutes: the timestamp is signed too, so nothing can be replayed.

    Args:
        secret: What the tenant has set for this webhook.
        timestamp: When this attempt is made, in seconds since 1970.
        body: Exactly the bytes that are sent.
    """
    message = str(timestamp).encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
