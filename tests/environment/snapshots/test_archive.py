"""A directory in one file comes out as it went in, or not at all."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pytest

from harness.environment.account import Account, server_account
from harness.environment.snapshots.archive import Stopped, Unfit, pack, unpack

CHUNK = 1 << 20
SELF = Account("self", os.geteuid(), os.getegid(), switch=False)


def fill(directory: Path) -> None:
    (directory / "base" / "1").mkdir(parents=True)
    (directory / "empty").mkdir()
    (directory / "base" / "1" / "2619").write_bytes(bytes(8192) + b"row")
    (directory / "base" / "1" / "none").touch()
    (directory / "large").write_bytes(os.urandom(2 * CHUNK + 17))
    (directory / "ümlaut").write_bytes(b"x")
    (directory / "server.pid").write_text("4711")


def content(directory: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else None
        for path in directory.rglob("*")
    }


def packed(directory: Path, archive: Path, *telltales: bytes) -> Path:
    pack(
        directory,
        archive,
        leave_out={"server.pid"},
        telltales=telltales,
        stop=threading.Event(),
    )
    return archive


def unpacked(archive: Path, directory: Path, account: Account = SELF) -> Path:
    directory.mkdir()
    unpack(archive, directory, account=account, stop=threading.Event())
    return directory


@pytest.fixture
def source(tmp_path: Path) -> Path:
    directory = tmp_path / "source"
    directory.mkdir()
    fill(directory)
    return directory


def test_it_comes_out_as_it_went_in_but_for_what_is_left_out(
    source: Path, tmp_path: Path
) -> None:
    archive = packed(source, tmp_path / "archive")

    out = unpacked(archive, tmp_path / "out")

    wanted = content(source)
    del wanted["server.pid"]
    assert content(out) == wanted
    assert (out / "large").stat().st_mode & 0o777 == 0o600
    assert (out / "base").stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_it_belongs_to_the_servers_user(source: Path, tmp_path: Path) -> None:
    account = server_account()

    out = unpacked(packed(source, tmp_path / "archive"), tmp_path / "out", account)

    owners = {(path.stat().st_uid, path.stat().st_gid) for path in out.rglob("*")}
    assert owners == {(account.uid, account.gid)}


def test_the_same_directory_gives_the_same_bytes(source: Path, tmp_path: Path) -> None:
    one, other = (packed(source, tmp_path / name) for name in ("one", "other"))

    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("where", ["cut", "flipped", "longer", "other"])
def test_a_damaged_archive_is_refused(source: Path, tmp_path: Path, where: str) -> None:
    archive = packed(source, tmp_path / "archive")
    data = bytearray(archive.read_bytes())
    if where == "cut":
        del data[len(data) // 2 :]
    elif where == "flipped":
        data[len(data) // 2] ^= 0xFF
    elif where == "longer":
        data += gzip.compress(b"more")
    else:
        data[:] = gzip.compress(b"something else")
    archive.write_bytes(data)

    with pytest.raises(Unfit):
        unpacked(archive, tmp_path / "out")


@pytest.mark.parametrize("offset", [0, CHUNK - 3, 2 * CHUNK - 1])
def test_a_telltale_is_found_also_across_pieces(
    source: Path, tmp_path: Path, offset: int
) -> None:
    data = bytearray((source / "large").read_bytes())
    data[offset : offset + 6] = b"secret"
    (source / "large").write_bytes(data)

    with pytest.raises(Unfit, match="address or the password") as raised:
        packed(source, tmp_path / "archive", b"other", b"secret")

    assert "secret" not in str(raised.value)


def test_a_telltale_across_two_files_is_none(source: Path, tmp_path: Path) -> None:
    (source / "a1").write_bytes(b"sec")
    (source / "a2").write_bytes(b"ret")

    archive = packed(source, tmp_path / "archive", b"secret")

    out = unpacked(archive, tmp_path / "out")
    assert [(out / name).read_bytes() for name in ("a1", "a2")] == [b"sec", b"ret"]


def test_what_lies_elsewhere_is_not_left_behind_silently(
    source: Path, tmp_path: Path
) -> None:
    (source / "tablespace").symlink_to(tmp_path)

    with pytest.raises(Unfit, match="tablespace is neither"):
        packed(source, tmp_path / "archive")


def test_both_ways_can_be_stopped(source: Path, tmp_path: Path) -> None:
    archive = packed(source, tmp_path / "archive")
    stop = threading.Event()
    stop.set()
    (tmp_path / "out").mkdir()

    with pytest.raises(Stopped):
        pack(source, tmp_path / "again", stop=stop)
    with pytest.raises(Stopped):
        unpack(archive, tmp_path / "out", account=SELF, stop=stop)
    assert content(tmp_path / "out") == {}
