"""A reply: what came of one request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one request.

    Attributes:
        status: HTTP status; 0 when there was no whole answer.
        body: Its content, decompressed.
        headers: Names and values as they came.
        error: Why there was no whole answer.
        seconds: From the sending to the end of the answer.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]
    error: BaseException | None
    seconds: float

    @property
    def succeeded(self) -> bool:
        """Whether the app did what was asked."""
        return 200 <= self.status < 300 or self.status == 304

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

    def header(self, name: str) -> str:
        """Return a header's value; "" if there is none."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return ""
