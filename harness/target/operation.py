"""An operation: one kind of request, with what it needs and what it yields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.model.event import Audience, Channel
from harness.model.framing import is_stream
from harness.target.media import is_file

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One kind of request.

    Users write `method`, `path` and whatever the app's OpenAPI document is
    silent about; the rest comes from there.

    Attributes:
        method: Upper case.
        path: Route template, ``/documents/{document_id}``.
        body: JSON value (or form fields, or bytes) for an explicit operation;
            strings may use ``{slug}``, ``{email}``, … and ``{canary}``.
        content_type: Of the body; "" for none.
        query: Query parameters to send, templates like `body`.
        schema: The OpenAPI operation object, references resolved; empty for an
            explicit operation.
        path_schemas: JSON schema of each path parameter.
        audience: Whom it is meant for.
        required: Whether the coverage floor counts it.
        skipped: Why an exercise leaves it out; "" if it does not.
    """

    method: str
    path: str
    body: Any = None
    content_type: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    schema: Mapping[str, Any] = field(default_factory=dict)
    path_schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    audience: Audience = Audience.TENANT
    required: bool = True
    skipped: str = ""

    @property
    def key(self) -> str:
        """Name of the operation, ``"GET /documents/{document_id}"``."""
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the path parameters, in order; converters are left out."""
        return tuple(re.findall(r"{([^}:]+)(?::[^}]*)?}", self.path))

    @property
    def channel(self) -> Channel:
        """What a success comes through, as far as the document says."""
        kinds = list(_success_types(self.schema.get("responses")))
        if any(is_stream(kind) for kind in kinds):
            return Channel.STREAM
        return Channel.FILE if kinds and all(map(is_file, kinds)) else Channel.BODY

    @property
    def mutates(self) -> bool:
        """Whether the method may change something."""
        return self.method not in SAFE_METHODS


def _success_types(responses: object) -> Iterator[str]:
    for status, answer in responses.items() if isinstance(responses, Mapping) else ():
        content = answer.get("content") if isinstance(answer, Mapping) else None
        if str(status)[:1] == "2" and isinstance(content, Mapping):
            yield from map(str, content)
