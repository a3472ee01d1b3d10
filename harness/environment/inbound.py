"""A request as a server of ours receives it, and the answer that goes back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.environment.loopback import Receive, Scope, Send

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Inbound:
    """A request, received to its end.

    Attributes:
        method: Upper case.
        target: Path and query as on the request line.
        headers: Lower-case names.
        body: The bytes as they were sent.
    """

    method: str
    target: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.target.partition("?")[0]

    def header(self, name: str) -> str:
        """Return a header's first value; "" if there is none."""
        return next((value for key, value in self.headers if key == name), "")


class Disconnected(Exception):
    """The client went away before its request had come to its end."""


async def read(scope: Scope, receive: Receive) -> Inbound:
    """Read a request.

    Raises:
        Disconnected: It never came to its end.
    """
    parts = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    path = scope["raw_path"].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return Inbound(
        method=scope["method"],
        target=f"{path}?{query}" if query else path,
        headers=tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in scope["headers"]
        ),
        body=b"".join(parts),
    )


async def begin(send: Send, status: int, headers: Iterable[tuple[str, str]]) -> None:
    """Send the head of an answer."""
    encoded = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})


async def answer(
    send: Send, status: int, headers: Iterable[tuple[str, str]], body: bytes
) -> None:
    """Send a whole answer."""
    await begin(send, status, (*headers, ("content-length", str(len(body)))))
    await send({"type": "http.response.body", "body": body})


async def gone(receive: Receive) -> None:
    """Return when the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass
