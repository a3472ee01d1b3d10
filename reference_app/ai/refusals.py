"""Why the assistant does not answer."""

from __future__ import annotations


class AssistantRefused(Exception):
    """There is no answer now.

    Args:
        kind: What is the matter, in the words of a problem's type.
        retry_after: Seconds after which one may ask again.
    """

    def __init__(self, kind: str, retry_after: int) -> None:
        super().__init__(kind)
        self.kind = kind
        self.retry_after = retry_after


class OverLimit(AssistantRefused):
    """The tenant has used up what it may, here or at the provider."""


class Unavailable(AssistantRefused):
    """The provider cannot be used: it fails, or there is no account with it."""
