"""What all tests share: a Postgres server, a cache of their own, and their order."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import certifi
import pytest
import pytest_asyncio
from hypothesis import settings

from harness.environment.postgres import Postgres, postgres

# A busy machine may stop a test for longer than any example takes.
settings.register_profile("patient", parent=settings(), deadline=None)
settings.load_profile("patient")

HERE = Path(__file__).parent
LONG = (HERE / "end_to_end", HERE / "isolation", HERE / "swarm", HERE / "targets")
"""Folders whose tests take seconds each: they run whole apps, commands, processes."""
MEMORY = Path("/dev/shm")
ROOM = 2**31
"""Bytes, several times what the servers of a few workers keep at once."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have each of several workers begin with its share of the long tests.

    Each is given a stretch of what was collected, and who has done that takes from the
    end of another's. What is long must not be what is left in the end.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1:
        return
    long: list[pytest.Item] = []
    short: list[pytest.Item] = []
    for item in items:
        (long if item.path.parent in LONG else short).append(item)
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        share = long[worker::workers]
        stretch = (len(items) - len(ordered)) // (workers - worker)
        others = max(0, stretch - len(share))
        ordered += share + short[:others]
        del short[:others]
    items[:] = ordered


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what runs keep for next time out of the user's own cache."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Trust one authority instead of 150, which each HTTP client would read.

    None is ever asked for: tests speak HTTP to what they start themselves.
    """
    end = "-----END CERTIFICATE-----\n"
    first, _, _ = Path(certifi.where()).read_text(encoding="utf-8").partition(end)
    path = tmp_path_factory.mktemp("authority") / "one.pem"
    path.write_text(first + end, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SSL_CERT_FILE", str(path))
        yield


@pytest.fixture(scope="session")
def memory() -> Iterator[Path | None]:
    """Have a directory in memory for servers' data, if there is room for them.

    Tests make and drop thousands of databases, of 300 files each; on a disk that takes
    the kernel two to four times as long.
    """
    if not MEMORY.is_dir():
        yield None
        return
    its = os.statvfs(MEMORY)
    if its.f_bavail * its.f_frsize < ROOM or its.f_flag & os.ST_NOEXEC:
        yield None
        return
    path = Path(tempfile.mkdtemp(prefix="harness-tests-", dir=MEMORY))
    path.chmod(0o711)  # the server need not be its user's
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_server(memory: Path | None) -> AsyncIterator[Postgres]:
    async with postgres(source="embedded", max_connections=500, home=memory) as pg:
        yield pg


@pytest.fixture(scope="session")
def server_dsn(postgres_server: Postgres) -> str:
    """DSN of a superuser on the shared server."""
    return postgres_server.dsn
