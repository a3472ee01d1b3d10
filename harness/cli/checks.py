"""What the doctor looks at."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import entry_points
from pathlib import Path

from harness.environment.embedded import embedded
from harness.environment.engine import find_engine
from harness.errors import HarnessError
from harness.settings import load_settings

MEGABYTE = 1_000_000


class Status(Enum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What, in a word or two.
        status: FAIL when a run cannot work.
        fact: What was seen.
        meaning: What follows from it; "" if nothing does.
    """

    name: str
    status: Status
    fact: str
    meaning: str = ""


def all_checks() -> Iterator[Check]:
    """Look at everything, the quick things first."""
    yield Check("python", Status.OK, f"{platform.python_version()} on {sys.platform}")
    yield settings(Path.cwd())
    yield cores(_usable_cores())
    yield open_files(_open_file_limit())
    yield temporary_directory(Path(tempfile.gettempdir()))
    yield disk(shutil.disk_usage(tempfile.gettempdir()).free)
    yield pytest_plugins(_installed_plugins())
    yield gevent(patched=_is_patched())
    yield from asyncio.run(_postgres())


def settings(here: Path) -> Check:
    """Whether the settings can be read, and which file they come from."""
    try:
        loaded = load_settings({}, cwd=here, environ=os.environ)
    except HarnessError as error:
        return Check("settings", Status.FAIL, error.message, error.hint)
    source = str(loaded.pyproject or "no [tool.harness] in a pyproject.toml above")
    if not loaded.settings.target:
        meaning = "No target is set: give --target, or set it in [tool.harness]."
        return Check("settings", Status.WARN, source, meaning)
    return Check("settings", Status.OK, source)


def cores(count: int) -> Check:
    """Whether the app, Postgres and the harness have room beside one another."""
    if count < 2:
        meaning = "The app, Postgres and the harness share one: runs take longer."
        return Check("cores", Status.WARN, str(count), meaning)
    return Check("cores", Status.OK, str(count))


def open_files(limit: int | None) -> Check:
    """Whether pools of several tenants fit under the limit on open files."""
    if limit is None:
        return Check("open files", Status.OK, "no limit that this system tells of")
    fact = f"at most {limit}"
    if limit < 256:
        meaning = "Too few for sockets and pools: raise it with `ulimit -n 4096`."
        return Check("open files", Status.FAIL, fact, meaning)
    if limit < 1024:
        meaning = (
            "Enough for a few tenants; many tenants with pools of their own, or "
            "several workers, may run out: `ulimit -n 4096`."
        )
        return Check("open files", Status.WARN, fact, meaning)
    return Check("open files", Status.OK, fact)


def temporary_directory(directory: Path) -> Check:
    """Whether the embedded server and others have a place for their files."""
    try:
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        fact = f"{directory}: {error.strerror}"
        meaning = "Point TMPDIR to a directory that you may write to."
        return Check("temporary", Status.FAIL, fact, meaning)
    return Check("temporary", Status.OK, str(directory))


def disk(free: int) -> Check:
    """Whether a database fits on the disk.

    Args:
        free: Bytes.
    """
    fact = f"{free // MEGABYTE} MB free for temporary files"
    if free < 200 * MEGABYTE:
        meaning = "A database needs about 100 MB: free some space, or set TMPDIR."
        return Check("disk", Status.FAIL, fact, meaning)
    if free < 1000 * MEGABYTE:
        meaning = "Enough for one run; several at once may fill the disk."
        return Check("disk", Status.WARN, fact, meaning)
    return Check("disk", Status.OK, fact)


def pytest_plugins(installed: Iterable[str]) -> Check:
    """Whether another plugin would run the tests' coroutines its own way.

    Args:
        installed: Distributions that bring pytest plugins.
    """
    names = {name.lower().replace("_", "-") for name in installed}
    clashing = sorted(names & _CLASHING.keys())
    if clashing:
        meaning = "; ".join(f"{name} {_CLASHING[name]}" for name in clashing)
        disable = " ".join(f"-p no:{name.removeprefix('pytest-')}" for name in clashing)
        meaning = f"{meaning}. Uninstall it, or run pytest with {disable}."
        return Check("pytest plugins", Status.WARN, ", ".join(clashing), meaning)
    return Check("pytest plugins", Status.OK, "none that clash")


_CLASHING = {
    "pytest-gevent": "patches the standard library under asyncio",
    "pytest-tornado": "collects coroutines as tests of its own loop",
    "pytest-trio": "runs coroutines on trio, where asyncpg does not work",
    "pytest-twisted": "runs tests inside its own reactor",
}


def gevent(*, patched: bool) -> Check:
    """Whether the standard library is still itself."""
    if patched:
        meaning = "asyncio does not work then; something imports gevent or locust."
        return Check("gevent", Status.FAIL, "has patched this process", meaning)
    return Check("gevent", Status.OK, "has not patched this process")


async def _postgres() -> list[Check]:
    """Look for a Docker engine, and start the embedded server once."""
    engine = await find_engine()
    problem, fact = await _embedded_server()
    docker = Check("docker engine", Status.OK, f"{engine.version} answers")
    own = Check("embedded", Status.OK, fact)
    if problem and engine.version:
        meaning = f"{problem} Not needed while the Docker engine answers."
        own = Check("embedded", Status.WARN, fact, meaning.lstrip())
    elif problem:
        meaning = f"{problem} Without an engine either, a run needs a DSN."
        own = Check("embedded", Status.FAIL, fact, meaning.lstrip())
    if not engine.version:
        meaning = "Postgres will be the embedded server, unless a DSN is set."
        docker = Check("docker engine", Status.OK, engine.problem, meaning)
    return [docker, own]


async def _embedded_server() -> tuple[str, str]:
    """Start the embedded server, which alone shows that it runs here.

    Returns:
        What to do if it does not ("" if it does), and what was seen.
    """
    began = time.perf_counter()
    try:
        async with embedded(reason="The doctor asked for it.") as server:
            seconds = time.perf_counter() - began
            return "", f"Postgres {server.version} starts in {seconds:.1f} s"
    except HarnessError as error:
        return error.hint or "It did not start.", error.message.splitlines()[0]


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _open_file_limit() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if limit == resource.RLIM_INFINITY else limit


def _installed_plugins() -> list[str]:
    points = entry_points(group="pytest11")
    return [point.dist.name for point in points if point.dist]


def _is_patched() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return bool(monkey and monkey.is_anything_patched())
