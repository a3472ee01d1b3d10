"""An operation: one kind of request, with what it needs and what it yields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.model.event import Audience, Channel
from harness.model.framing import is_stream
from harness.target.media import is_file
from harness.target.socket import Socket

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
WEBSOCKET = "WEBSOCKET"
"""Stands for the method of operations that are sockets."""


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
        socket: What it says, if it is a WebSocket; see `socket_operation`.
        scraped: Headers with which it is read, if it is the page of metrics; see
            `metrics_operation`.
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
    socket: Socket | None = None
    scraped: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)

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
        if self.socket is not None:
            return Channel.SOCKET
        if self.scraped is not None:
            return Channel.METRIC
        kinds = list(_success_types(self.schema.get("responses")))
        if any(is_stream(kind) for kind in kinds):
            return Channel.STREAM
        return Channel.FILE if kinds and all(map(is_file, kinds)) else Channel.BODY

    @property
    def mutates(self) -> bool:
        """Whether the method, or what is said, may change something."""
        if self.socket is not None:
            return bool(self.socket.sends)
        return self.method not in SAFE_METHODS


def socket_operation(socket: Socket) -> Operation:
    """Return a WebSocket as an operation; its body is the list of what it says."""
    return Operation(
        method=WEBSOCKET,
        path=socket.path,
        body=list(socket.sends) or None,
        socket=socket,
    )


def metrics_operation(path: str, headers: Mapping[str, str]) -> Operation:
    """Return the page of metrics as an operation, in place of the document's."""
    sent = tuple((name.lower(), value) for name, value in headers.items())
    return Operation(method="GET", path=path, audience=Audience.OPERATOR, scraped=sent)


def _success_types(responses: object) -> Iterator[str]:
    for status, answer in responses.items() if isinstance(responses, Mapping) else ():
        content = answer.get("content") if isinstance(answer, Mapping) else None
        if str(status)[:1] == "2" and isinstance(content, Mapping):
            yield from map(str, content)
