"""Request data, written out as a request carries them."""

from __future__ import annotations

import hashlib
import json
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.target.leaves import File
from harness.target.media import FORM, MULTIPART, is_json, plain

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Rendered:
    """Request data, ready to send.

    Attributes:
        path: Values of path parameters, not yet percent-encoded.
        query: Names and values, not yet percent-encoded.
        headers: Lower-case names and values, without the content type.
        body: The bytes; empty for none.
        content_type: Of the body, with its boundary; "" for none.
    """

    path: Mapping[str, str]
    query: Pairs
    headers: Pairs
    body: bytes = field(repr=False)
    content_type: str


def scalar(value: Any) -> str:
    """Return a value as URLs, headers and form fields carry it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return json.dumps(value, default=str)


def pairs(items: Mapping[str, Any] | tuple[tuple[str, Any], ...]) -> Pairs:
    """Return fields as names and strings: lists repeat the name, None is left out."""
    found: list[tuple[str, str]] = []
    for name, value in items.items() if isinstance(items, Mapping) else items:
        parts = value if isinstance(value, list) else [value]
        found += [(name, scalar(part)) for part in parts if part is not None]
    return tuple(found)


def encoded(body: Any, content_type: str) -> tuple[bytes, str]:
    """Return a body as bytes, and its content type.

    Args:
        body: A JSON tree, with `File` leaves for a multipart form; text or bytes
            for any other type; None for no body.
        content_type: Of the operation.
    """
    if body is None:
        return b"", ""
    if isinstance(body, bytes):
        return body, content_type
    kind = plain(content_type)
    if kind == FORM and isinstance(body, Mapping):
        return _form(body), content_type
    if kind == MULTIPART and isinstance(body, Mapping):
        return _multipart(body)
    if isinstance(body, str) and not is_json(content_type):
        return body.encode(errors="replace"), content_type
    return json.dumps(body, default=str).encode(), content_type


def _form(body: Mapping[str, Any]) -> bytes:
    return urllib.parse.urlencode(pairs(body), errors="replace").encode()


def _multipart(body: Mapping[str, Any]) -> tuple[bytes, str]:
    parts = [
        part
        for name, value in body.items()
        for one in (value if isinstance(value, list) else [value])
        for part in _part(name, one)
    ]
    # The same form gives the same bytes, and no content can hold its own digest.
    boundary = hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
    mark = b"--" + boundary.encode()
    lines = [line for part in parts for line in (mark, part)]
    return (
        b"\r\n".join((*lines, mark + b"--", b"")),
        f"{MULTIPART}; boundary={boundary}",
    )


def _part(name: str, value: Any) -> Iterator[bytes]:
    """Yield one part of a multipart form (RFC 7578); nothing for None."""
    if value is None:
        return
    head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    content = value
    if isinstance(value, File):
        head += f'; filename="{_quoted(value.name)}"'
        head += f"\r\nContent-Type: {value.content_type}"
        content = value.content
    elif isinstance(value, dict):
        head += "\r\nContent-Type: application/json"
    data = (
        content
        if isinstance(content, bytes)
        else scalar(content).encode(errors="replace")
    )
    yield head.encode(errors="replace") + b"\r\n\r\n" + data


def _quoted(text: str) -> str:
    escaped = text.replace('"', "%22")
    return escaped.replace("\r", "%0D").replace("\n", "%0A")
