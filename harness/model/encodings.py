"""How a token looks once text has been encoded, and how to read it back."""

from __future__ import annotations

import binascii
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Final

from harness.model.canary import PREFIX, TOKEN_LENGTH

LONG_RUN: Final = b"a" * 22
"""Occurs in `data.translate(RUNS)` wherever an encoded token can be.

In base64 a token gives 22 whole characters, and since its bytes are letters none
of them is one of the two that are not letters or digits (or differ in base64url);
its hexadecimal form and all digests are longer.
"""
RUNS: Final = bytes(97 if chr(c).isalnum() and c < 128 else 46 for c in range(256))
"""Translates letters and digits of ASCII to "a", all else to "."."""

# Letters, digits and the hyphen: what canaries and their encodings consist of.
_CODE: Final = rb"(2[Dd]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa])"
_PERCENT: Final = re.compile(b"%" + _CODE)
_ESCAPE: Final = re.compile(rb"\\u00" + _CODE)
_HEX_RUN: Final = re.compile(rb"[0-9a-f]+")
_HEX_RUNS: Final = bytes(97 if chr(c) in "0123456789abcdef" else 46 for c in range(256))
_HEX_LENGTHS: Final = (32, 40, 64)
_PADDING: Final = b"A" * 3
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


def _base64_patterns() -> tuple[tuple[bytes, int, int], ...]:
    """(what to look for, where in its group of four it begins, alignment)."""
    found = []
    for prefix, letters in ((PREFIX, "az"), (PREFIX.upper(), "AZ")):
        for alignment in range(3):
            samples = [
                b64encode(before * alignment + f"{prefix}{after}".encode())
                for before in (b"\x00", b"\xff")
                for after in map(chr, range(ord(letters[0]), ord(letters[1]) + 1))
            ]
            columns = [set(column) for column in zip(*samples, strict=True)]
            # The characters that no neighbour can change.
            fixed = [
                position
                for position, column in enumerate(columns)
                if len(column) == 1 and ord("=") not in column
            ]
            first, last = fixed[0], fixed[-1]
            found.append((samples[0][first : last + 1], first, alignment))
    return tuple(found)


_BASE64: Final = _base64_patterns()
_HEX: Final = (PREFIX.encode().hex().encode(), PREFIX.upper().encode().hex().encode())


def positions(data: bytes, pattern: bytes) -> Iterator[int]:
    """Where the pattern occurs, overlapping occurrences included."""
    start = data.find(pattern)
    while start >= 0:
        yield start
        start = data.find(pattern, start + 1)


def unescape_percent(data: bytes) -> bytes | None:
    """The data with what is percent-encoded for no need put back; None if nothing."""
    return _unescape(_PERCENT, data)


def unescape_json(data: bytes) -> bytes | None:
    """The data with what is unicode-escaped for no need put back; None if nothing."""
    return _unescape(_ESCAPE, data)


def _unescape(pattern: re.Pattern[bytes], data: bytes) -> bytes | None:
    if pattern.search(data) is None:
        return None
    return pattern.sub(lambda match: bytes.fromhex(match[1].decode()), data)


def hex_candidates(lowered: bytes) -> Iterator[tuple[int, int, bytes]]:
    """What might be tokens in hexadecimal: start, end, and the lower-cased token."""
    for pattern in _HEX:
        for start in positions(lowered, pattern):
            end = start + 2 * TOKEN_LENGTH
            try:
                token = binascii.unhexlify(lowered[start:end])
            except binascii.Error:
                continue
            yield start, end, token.lower()


def base64_candidates(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """What might be tokens in base64 or base64url: start, end, lower-cased token."""
    for pattern, first, alignment in _BASE64:
        length = -(-(alignment + TOKEN_LENGTH) * 8 // 6)
        for position in positions(data, pattern):
            start, end = position - first, position - first + length
            if start < 0 or end > len(data):
                continue
            padded = data[start:end].translate(_STANDARD) + _PADDING[: -length % 4]
            try:
                group = binascii.a2b_base64(padded)
            except binascii.Error:
                continue
            yield start, end, group[alignment : alignment + TOKEN_LENGTH].lower()


def digest_candidates(lowered: bytes) -> Iterator[tuple[int, int, str]]:
    """What might be an MD5, SHA-1 or SHA-256 in hexadecimal: start, end, digits."""
    runs = lowered.translate(_HEX_RUNS)
    shortest = b"a" * _HEX_LENGTHS[0]
    start = runs.find(shortest)
    while start >= 0:
        match = _HEX_RUN.match(lowered, start)
        end = match.end() if match else start + 1
        if end - start in _HEX_LENGTHS:
            yield start, end, lowered[start:end].decode()
        start = runs.find(shortest, end)
