"""Masking: takes secrets out of what people are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_SECRET = re.compile(r"pass|secret|token|key|code|pin|otp|auth|cookie", re.IGNORECASE)
_SHORTEST = 4


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return a text with each secret replaced, the longest first."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, "***")
    return text


def secrets_in(tree: Any, *, named: bool = False) -> Iterator[str]:
    """Yield the strings in request data whose name says that they are secret.

    Args:
        tree: Headers, a form, or a JSON tree.
        named: Whether a name above said so.
    """
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            yield from secrets_in(value, named=named or bool(_SECRET.search(str(name))))
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from secrets_in(value, named=named)
    elif isinstance(tree, str) and named:
        yield tree
        # What follows the scheme of a credential, or the name of a cookie.
        yield from re.split(r"[ =;,]+", tree)[1:]
