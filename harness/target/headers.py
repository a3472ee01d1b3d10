"""Which of the parameters that an operation declares a request may carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from harness.target.naming import names_tenant, words

_IDENTITY: Final = frozenset(
    {
        "apikey",
        "auth",
        "authorization",
        "cookie",
        "credential",
        "credentials",
        "csrf",
        "forwarded",
        "host",
        "password",
        "secret",
        "session",
        "token",
        "tenant",
        "xsrf",
    }
)
"""Words of headers that belong to an identity, or to the way to the app."""

_TRANSPORT: Final = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "transfer-encoding",
        "upgrade",
    }
)
_CONDITIONAL: Final = frozenset({"accept", "if", "range", "origin", "referer"})
"""First words of standard headers that change what an answer is."""


def sendable(parameter: Mapping[str, Any]) -> bool:
    """Whether a declared parameter is ours to fill: no cookie, no identity."""
    place, name = parameter.get("in"), str(parameter.get("name", ""))
    if place != "header":
        return place in {"path", "query"}
    parts = words(name)
    meant = parts[1:] if parts[:1] == ["x"] else parts
    if name.lower() in _TRANSPORT or _IDENTITY & set(parts):
        return False
    return parts[-2:] != ["api", "key"] and not names_tenant(
        "-".join(meant), leading=True
    )


def optional_use(parameter: Mapping[str, Any]) -> bool:
    """Whether an optional header may be sent without changing what is asked."""
    parts = words(str(parameter.get("name", "")))
    return bool(parts) and parts[0] not in _CONDITIONAL
