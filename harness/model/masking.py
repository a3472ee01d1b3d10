"""Masking: what people are shown of a request names canaries, but holds none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from harness.model.canary import CanaryKey
from harness.model.scanner import Hit
from harness.model.tenant import alias

_LONGEST: Final = 200


def masked(text: str, hits: Iterable[Hit], key: CanaryKey) -> str:
    """Return a text, cut, with its tokens written as ``<B.17>``.

    Args:
        text: What was sent.
        hits: The canaries in it.
        key: Which minted them.
    """
    for hit in hits:
        token = key.mint(hit.owner, hit.field)
        text = text.replace(token, f"<{alias(hit.owner)}.{hit.field}>")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
