"""Canaries are found inside compressed bodies, and cut ones are counted."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable

import brotli
import pytest

from harness.model.canary import CanaryKey
from harness.model.compression import LIMIT, open_body
from harness.model.scanner import Scanner

KEY = CanaryKey.from_seed(12)
TOKEN = KEY.mint(1, 16).encode()


def deflate(data: bytes) -> bytes:
    return zlib.compress(data)


def deflate_raw(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


def compress_brotli(data: bytes) -> bytes:
    return bytes(brotli.compress(data, quality=1))


codings = pytest.mark.parametrize(
    ("name", "compress", "form"),
    [
        ("gzip", gzip.compress, "gzip"),
        ("x-gzip", gzip.compress, "gzip"),
        (" GZIP ", gzip.compress, "gzip"),
        ("deflate", deflate, "deflate"),
        ("deflate", deflate_raw, "deflate"),
        ("br", compress_brotli, "br"),
        ("", gzip.compress, "gzip"),
        ("", deflate, "deflate"),
        ("identity", gzip.compress, "gzip"),
    ],
)
Compress = Callable[[bytes], bytes]


def forms(scanner: Scanner, data: bytes, coding: str = "") -> list[str]:
    hits = scanner.scan(data, coding)
    assert all((hit.owner, hit.field) == (1, 16) for hit in hits)
    return [hit.form for hit in hits]


@codings
def test_each_coding_is_opened(name: str, compress: Compress, form: str) -> None:
    scanner = Scanner(KEY, [(1, 16)])
    contents = {
        "literal": TOKEN,
        "case": TOKEN.upper(),
        "truncated": TOKEN[:12],
        "hex": TOKEN.hex().encode(),
        "percent": b"%%%02x" % TOKEN[0] + TOKEN[1:],
    }

    for inner, content in contents.items():
        # Often enough that it is not stored as it is.
        body = compress(b"some text " * 50 + content + b" other text" * 50)
        assert forms(scanner, body, name) == [f"{form}+{inner}"]
    assert scanner.cut_inputs == 0


@codings
def test_a_canary_across_chunks_is_found(
    name: str, compress: Compress, form: str
) -> None:
    noise = random.Random(1).randbytes(2**20 - 8)
    scanner = Scanner(KEY)

    assert forms(scanner, compress(b"." * (2**20 - 8) + TOKEN), name)
    assert forms(scanner, compress(noise + TOKEN + b"end"), name)
    for lead in range(4040, 4100, 5):  # around what is fed at once
        assert forms(scanner, compress(noise[:lead] + TOKEN + b"end"), name)


@codings
def test_a_bomb_is_opened_up_to_the_limit_and_counted(
    name: str, compress: Compress, form: str
) -> None:
    bomb = compress(TOKEN + bytes(LIMIT + 2**20) + KEY.mint(2, 16).encode())
    scanner = Scanner(KEY)

    assert len(open_body(bomb, name).data) == LIMIT
    assert f"{form}+literal" in forms(scanner, bomb, name)
    assert scanner.cut_inputs == 1


@codings
def test_of_a_damaged_body_what_can_be_had_is_scanned(
    name: str, compress: Compress, form: str
) -> None:
    noise = random.Random(1).randbytes(100_000)
    whole = compress(b"text " * 2000 + TOKEN + b" text" * 2000 + noise)
    scanner = Scanner(KEY)
    if (name, form) == ("", "deflate"):
        # Its two first bytes alone prove nothing.
        assert open_body(whole[:-20_000]).data == whole[:-20_000]
        return

    assert forms(scanner, whole[:-20_000], name) == [f"{form}+literal"]
    assert scanner.cut_inputs == 1


def test_a_stream_is_complete_wherever_its_end_falls() -> None:
    for size in range(2**20 - 20, 2**20 + 300, 7):
        opened = open_body(deflate_raw(bytes(size)), "deflate")
        assert (len(opened.data), opened.complete) == (size, True)


def test_codings_are_undone_in_reverse_order() -> None:
    body = compress_brotli(gzip.compress(b"a text " * 20 + TOKEN))

    assert forms(Scanner(KEY), body, "gzip, br") == ["br+gzip+literal"]


def test_all_members_of_a_gzip_body_are_read() -> None:
    body = gzip.compress(b"first") + gzip.compress(b"second") + gzip.compress(TOKEN)

    assert forms(Scanner(KEY), body, "gzip") == ["gzip+literal"]
    assert forms(Scanner(KEY), body + bytes(100), "gzip") == ["gzip+literal"]


@pytest.mark.parametrize("coding", ["zstd", "gzip", "deflate", "br", "nonsense"])
def test_a_body_that_is_not_what_it_says_is_scanned_as_it_is(coding: str) -> None:
    scanner = Scanner(KEY)

    assert forms(scanner, b"plain " + TOKEN, coding) == ["literal"]
    assert scanner.cut_inputs == 1


@pytest.mark.parametrize(
    "start", [b"x^2 + y^2 = ", b"x\x01", b"x\x9c", b"\x1f\x8b\x08"]
)
def test_text_that_begins_like_a_compressed_stream_is_text(start: bytes) -> None:
    scanner = Scanner(KEY)

    assert forms(scanner, start + TOKEN) == ["literal"]
    assert scanner.cut_inputs == 0


@pytest.mark.parametrize("coding", ["", "gzip", "br", "zstd"])
def test_an_empty_body_is_complete(coding: str) -> None:
    scanner = Scanner(KEY)

    assert scanner.scan(b"", coding) == ()
    assert scanner.cut_inputs == 0
