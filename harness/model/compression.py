"""Opening compressed bodies, in bounded memory."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

import brotli

LIMIT: Final = 32 * 2**20
"""Most bytes that are taken out of one body: a small body can hold gigabytes."""

# Fed in pieces, so that what precedes the damage in a broken stream is kept.
_PIECE: Final = 4096
_CHUNK: Final = 2**20
_GZIP: Final = 16 + zlib.MAX_WBITS


FIRST_BYTES: Final = frozenset({b"\x1f", b"\x78"})
"""First bytes of what is opened although no header declares it: gzip and zlib."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What came out of a compressed body.

    Args:
        data: The content, or as much of it as could be had.
        coding: What was opened, innermost last: "gzip", "deflate", "br", joined
            by "+"; "" when the body was not compressed.
        complete: The content was read to its end; otherwise it was longer than
            the limit, damaged, or in a coding that cannot be opened here.
    """

    data: bytes
    coding: str = ""
    complete: bool = True


def open_body(data: bytes, content_encoding: str = "", *, limit: int = LIMIT) -> Opened:
    """Undo the compression of a body, declared or recognised by its first bytes.

    Args:
        data: The body as it was sent.
        content_encoding: The value of the header, "" if there is none.
        limit: Most bytes to take out.
    """
    if not data:
        return Opened(data)
    declared = content_encoding.lower().replace(" ", "").split(",")
    names = [name for name in declared if name not in {"", "identity"}]
    if not names:
        guessed = _guess(data)
        if not guessed:
            return Opened(data)
        found = _inflate(data, guessed, limit)
        # Two bytes, as of zlib, begin other data too: "x^2 + y^2".
        sure = found.complete or len(found.data) == limit or guessed == "gzip"
        return found if found.data and sure else Opened(data)
    coding: list[str] = []
    for name in reversed(names):
        found = _inflate(data, name.removeprefix("x-"), limit)
        if not found.data and not found.complete:
            return Opened(data, "+".join(coding), complete=False)
        data = found.data
        coding.append(found.coding)
        if not found.complete:
            return Opened(data, "+".join(coding), complete=False)
    return Opened(data, "+".join(coding))


def _guess(data: bytes) -> str:
    if data.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if data.startswith(b"\x78") and int.from_bytes(data[:2], "big") % 31 == 0:
        return "deflate"
    return ""


def _inflate(data: bytes, name: str, limit: int) -> Opened:
    if name == "gzip":
        return _collect(_members(data), "gzip", limit)
    if name == "deflate":
        # The standard means zlib; many senders mean the raw stream.
        found = _collect(_stream(data, zlib.MAX_WBITS), "deflate", limit)
        if found.data or found.complete:
            return found
        return _collect(_stream(data, -zlib.MAX_WBITS), "deflate", limit)
    if name == "br":
        return _collect(_brotli(data), "br", limit)
    return Opened(b"", complete=False)


def _collect(chunks: Iterator[bytes], coding: str, limit: int) -> Opened:
    found: list[bytes] = []
    size = 0
    try:
        for chunk in chunks:
            found.append(chunk)
            size += len(chunk)
            if size > limit:
                return Opened(b"".join(found)[:limit], coding, complete=False)
    except (zlib.error, brotli.error, EOFError):
        return Opened(b"".join(found), coding, complete=False)
    return Opened(b"".join(found), coding)


def _stream(data: bytes, wbits: int, start: int = 0) -> Generator[bytes, None, int]:
    """One zlib stream; returns where it ends, raises EOFError if it does not."""
    stream = zlib.decompressobj(wbits)
    while start < len(data):
        piece = data[start : start + _PIECE]
        start += len(piece)
        while piece and not stream.eof:
            yield stream.decompress(piece, _CHUNK)
            piece = stream.unconsumed_tail
        if stream.eof:
            return start - len(stream.unused_data)
    yield stream.flush()
    if not stream.eof:
        raise EOFError
    return start


def _members(data: bytes) -> Iterator[bytes]:
    """The members of a gzip body, and not the padding that may follow them."""
    end = yield from _stream(data, _GZIP)
    while data.startswith(b"\x1f\x8b", end):
        end = yield from _stream(data, _GZIP, end)


def _brotli(data: bytes) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    for start in range(0, len(data), _PIECE):
        yield stream.process(data[start : start + _PIECE], output_buffer_limit=_CHUNK)
        while not stream.can_accept_more_data():
            yield stream.process(b"", output_buffer_limit=_CHUNK)
        if stream.is_finished():
            return
    raise EOFError
