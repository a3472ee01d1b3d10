"""A user's own project in an empty directory, and the command run in it."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.shop import APP, TARGET

# What is found at once has tests of its own.
PYPROJECT = """[tool.harness]
target = "target:target"
postgres = "embedded"
together = 4
"""
LIMIT = 170
"""Seconds after which a command is taken to hang, sooner than the whole test is."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All that a user saw."""
        return self.out + self.err


@dataclass(frozen=True, slots=True)
class Project:
    """A directory with an app, a target, and settings."""

    path: Path

    def environment(self, fault: str = "", **more: str) -> dict[str, str]:
        """Return variables for a command: this machine's, without CI's settings."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HARNESS_")}
        return {**kept, "FAULT": fault, "CI": "1", "COLUMNS": "100", **more}

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of a verb."""
        return [sys.executable, "-m", "harness", *arguments]

    def run(
        self,
        *arguments: str,
        fault: str = "",
        wrapper: tuple[str, ...] = (),
        variables: Mapping[str, str] | None = None,
    ) -> Ended:
        """Run a verb to its end."""
        done = subprocess.run(
            [*wrapper, *self.command(*arguments)],
            cwd=self.path,
            env=self.environment(fault, **(variables or {})),
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text in one of the files."""
        path = self.path / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The small shop as a user's project."""
    (tmp_path / "shop.py").write_text(APP)
    (tmp_path / "target.py").write_text(TARGET)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    return Project(tmp_path)


@dataclass(frozen=True, slots=True)
class Room:
    """A temporary directory of a test's own, with all servers that live in it."""

    path: Path

    def servers(self) -> set[int]:
        """Return the process ids of the Postgres servers whose data are in here."""
        found = set()
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (process / "cmdline").read_bytes()
                if b"postgres" in command and os.fsencode(self.path) in command:
                    found.add(int(process.name))
        return found

    def runs(self) -> list[Path]:
        """Return the directories of servers, of living runs and of dead ones."""
        return list(self.path.glob("harness-*/runs/*"))


@pytest.fixture
def room() -> Iterator[Room]:
    """A room that a server's unprivileged account can reach, unlike pytest's."""
    path = Path(tempfile.mkdtemp(prefix="room-"))
    path.chmod(0o711)
    yield Room(path)
    shutil.rmtree(path, ignore_errors=True)


def wait_until(holds: Callable[[], bool], *, within: float = 60.0) -> bool:
    """Watch something outside of this process until it holds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if holds():
            return True
        select.select([], [], [], 0.02)
    return holds()


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def served_shop(project: Project) -> Iterator[str]:
    """The shop, run by somebody else; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "uvicorn",
                "shop:app",
                "--fd",
                str(listener.fileno()),
            ],
            cwd=project.path,
            env=project.environment(),
            pass_fds=[listener.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)
