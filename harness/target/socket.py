"""A socket: a WebSocket of the app, which no OpenAPI document can describe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

TOKEN: Final = "{token}"
"""Stands for the credential in a socket's templates, without its scheme."""


@dataclass(frozen=True, slots=True)
class Socket:
    """A WebSocket of the app.

    Attributes:
        path: Route template, ``/rooms/{document_id}``.
        sends: What is said once it is open: JSON values, or texts; strings may use
            ``{slug}``, ``{email}``, … and ``{canary}``.
        query: Query parameters of the handshake, such as
            ``{"access_token": "{token}"}``.
        first: The first message, such as ``{"token": "{token}"}``; None for none.

    The credential goes with the handshake's headers, as with any request, unless
    `query` or `first` names ``{token}``. Nobody sends neither.
    """

    path: str
    sends: tuple[Any, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    first: Any = None

    @property
    def by_header(self) -> bool:
        """Whether the credential goes with the headers."""
        return not _names_token(dict(self.query)) and not _names_token(self.first)


def with_token(template: Any, token: str) -> Any:
    """Fill ``{token}`` into each string of a JSON tree."""
    if isinstance(template, str):
        return template.replace(TOKEN, token)
    if isinstance(template, Mapping):
        return {key: with_token(value, token) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [with_token(value, token) for value in template]
    return template


def _names_token(template: Any) -> bool:
    return bool(with_token(template, "") != with_token(template, TOKEN))
