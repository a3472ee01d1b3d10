"""A rendered answer and the tag that names exactly these bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

from reference_app.tenants.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer's body with its entity tag.

    Attributes:
        body: What is sent.
        etag: Strong (RFC 9110, section 8.8.1): equal only for equal bytes. The
            tenant is part of it, so what a cache of somebody's has mixed up
            does not pass for current.
    """

    body: bytes
    etag: str

    @classmethod
    def of(cls, tenant: Tenant, body: bytes) -> Self:
        """Name a body."""
        digest = hashlib.sha256(tenant.id.bytes + body).hexdigest()
        return cls(body, f'"{digest[:32]}"')
