"""Canaries are found in archives, and an archive is opened only so far."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from harness.model.archives import Unfinished, members
from harness.model.canary import CanaryKey
from harness.model.scanner import Scanner

KEY = CanaryKey.from_seed(12)
TOKEN = KEY.mint(1, 16).encode()


def archive(*files: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", compression=how) as made:
        for name, content in files:
            made.writestr(name, content)
    return into.getvalue()


@pytest.mark.parametrize(
    "how",
    [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA],
)
def test_a_canary_in_a_member_is_found(how: int) -> None:
    data = archive(("a.txt", b"x" * 999), ("b.csv", b"id\n" + TOKEN), how=how)
    scanner = Scanner(KEY, [(1, 16)])
    hits = scanner.scan(data)

    assert {(hit.owner, hit.field) for hit in hits} == {(1, 16)}
    assert "zip+literal" in {hit.form for hit in hits}
    assert scanner.cut_inputs == 0


def test_a_canary_in_a_members_name_is_found() -> None:
    hits = Scanner(KEY, [(1, 16)]).scan(archive((TOKEN.decode(), b"")))

    assert {(hit.owner, hit.field) for hit in hits} == {(1, 16)}


def test_a_compressed_archive_is_opened_twice() -> None:
    data = gzip.compress(archive(("a.txt", TOKEN)))

    forms = {hit.form for hit in Scanner(KEY, [(1, 16)]).scan(data)}
    assert "gzip+zip+literal" in forms


def test_an_archive_without_canaries_gives_none() -> None:
    assert Scanner(KEY, [(1, 16)]).scan(archive(("a.txt", b"nothing"))) == ()


def test_more_than_the_limit_is_refused_and_what_was_had_is_kept() -> None:
    data = archive(("a.txt", b"begin"), ("bomb", b"\0" * 5_000_000))
    opened = members(data, limit=1_000_000)

    assert [next(opened), next(opened)] == [b"a.txt\nbomb", b"begin"]
    assert len(next(opened)) == 1_000_000 - len(b"begin")
    with pytest.raises(Unfinished):
        next(opened)


def test_more_members_than_most_are_refused() -> None:
    data = archive(*((f"{number}", b"") for number in range(5)))

    assert len(list(members(data, most=5))) == 6
    with pytest.raises(Unfinished):
        list(members(data, most=4))


def test_a_damaged_archive_is_counted_as_not_read() -> None:
    scanner = Scanner(KEY, [(1, 16)])
    scanner.scan(archive(("a.txt", TOKEN * 50))[:-30])

    assert scanner.cut_inputs == 1
