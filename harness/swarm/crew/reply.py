"""A reply: what came of one request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

SWITCHED, NOT_MODIFIED, UNAUTHENTICATED, TOO_MANY = 101, 304, 401, 429


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one request.

    Attributes:
        status: HTTP status; 0 when there was no whole answer.
        body: Its content, decompressed.
        headers: Returns names and values as they came; most are never asked for.
        fields: The same as the client keeps them: pairs of name and value, or lists of
            pairs. To have them put into shape takes longer than all else of a look.
        error: Why there was no whole answer.
        started: When it was sent, on the monotonic clock.
        ended: When the whole answer had come.
    """

    status: int
    body: bytes
    headers: Callable[[], Iterable[tuple[str, str]]]
    fields: Iterable[Any]
    error: BaseException | None
    started: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.started

    @property
    def succeeded(self) -> bool:
        """Whether the app did what was asked."""
        return 200 <= self.status < 300 or self.status in {SWITCHED, NOT_MODIFIED}

    @property
    def throttled(self) -> bool:
        """Whether it was too much."""
        return self.status == TOO_MANY

    @property
    def logged_out(self) -> bool:
        """Whether the credential is no longer good."""
        return self.status == UNAUTHENTICATED

    @property
    def refused(self) -> bool:
        """Whether nobody listens."""
        error: BaseException | None = self.error
        while error is not None:
            if isinstance(error, ConnectionRefusedError):
                return True
            error = error.__cause__ or error.__context__
        return False

    @property
    def failure(self) -> str:
        """Name what went wrong, without anything that differs from time to time."""
        if self.status:
            return f"status {self.status}"
        return "refused" if self.refused else type(self.error).__name__

    def patience(self, *, most: float) -> float:
        """Return the seconds that it asks to wait; 1 where it does not say."""
        try:
            asked = float(self.header("retry-after"))
        except ValueError:
            asked = 1.0
        return min(max(asked, 0.05), most)

    def header(self, name: str) -> str:
        """Return a header's value; "" if there is none."""
        for key, value in self.headers():
            if key.lower() == name:
                return value
        return ""
