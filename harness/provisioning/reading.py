"""Reading answers: what an answer came through, and the canaries in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.compression import open_body
from harness.model.event import Channel, Found
from harness.model.exposition import samples
from harness.model.framing import framing, is_stream
from harness.target.media import is_file

if TYPE_CHECKING:
    from harness.hosting.hosted import Headers, Response
    from harness.model.scanner import Hit, Scanner


def came_through(response: Response) -> Channel:
    """Return the channel that an answer's content came through."""
    content_type = response.header(b"content-type")
    if is_stream(content_type):
        return Channel.STREAM
    disposition = response.header(b"content-disposition")
    return Channel.FILE if is_file(content_type, disposition) else Channel.BODY


def found_in(scanner: Scanner, response: Response) -> tuple[Found, ...]:
    """Return the canaries in an answer, those of its headers last."""
    through = came_through(response)
    channel = Channel.ERROR if response.status >= 400 else through
    hits = (
        _in_messages(scanner, response)
        if through is Channel.STREAM
        else scanner.scan(response.body, response.header(b"content-encoding"))
    )
    return (
        *(Found(channel, "", hit) for hit in hits),
        *in_headers(scanner, response.headers),
    )


def in_headers(scanner: Scanner, headers: Headers) -> tuple[Found, ...]:
    """Return the canaries in an answer's headers."""
    if not scanner.scan(b"\n".join(value for _, value in headers)):
        return ()
    return tuple(
        Found(Channel.HEADER, name.decode("latin-1"), hit)
        for name, value in headers
        for hit in scanner.scan(value)
    )


def _in_messages(scanner: Scanner, response: Response) -> tuple[Hit, ...]:
    """Scan a whole stream: its messages, and what they tell together."""
    opened = open_body(response.body, response.header(b"content-encoding"))
    reader = framing(response.header(b"content-type"))
    return scanner.scan_messages([*reader.feed(opened.data), *reader.rest()])


def metrics_in(scanner: Scanner, response: Response) -> tuple[Found, ...]:
    """Return the canaries in a page of metrics, each with its metric's name."""
    if response.status >= 400 or not scanner.scan(response.body):
        return found_in(scanner, response)
    found = dict.fromkeys(
        Found(Channel.METRIC, sample.name, hit)
        for sample in samples(response.body.decode("utf-8", "replace"))
        for hit in scanner.scan_text(sample.line)
    )
    return (*found, *in_headers(scanner, response.headers))
