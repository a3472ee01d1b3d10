"""The texts that are accepted from outside: what Postgres can store, and how long."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

_STORABLE = r"^[^\x00]*$"

Line = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=_STORABLE)
]
Prose = Annotated[str, StringConstraints(max_length=100_000, pattern=_STORABLE)]
Query = Annotated[
    str, StringConstraints(min_length=1, max_length=1000, pattern=_STORABLE)
]
Email = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")
]
Password = Annotated[str, StringConstraints(min_length=8, max_length=1024)]
Slug = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")
]
Domain = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=253),
]
FlagName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]*$", max_length=100)
]
WebhookSecret = Annotated[
    str, StringConstraints(min_length=16, max_length=200, pattern=_STORABLE)
]
WebhookUrl = Annotated[
    str,
    StringConstraints(
        max_length=2000,
        pattern=r"^https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?(/[!-~]*)?$",
    ),
    Field(json_schema_extra={"format": "uri"}),
]
