"""Whether Docker answers is decided in time, whatever listens there."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.environment.engine import find_engine
from harness.environment.postgres import postgres
from harness.errors import PostgresError

# The harness promises two seconds; the rest is for a busy machine.
LIMIT = 20.0


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have an engine that accepts connections and never says a word."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "docker.sock"))
        listener.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'docker.sock'}")
        yield


@pytest.fixture
def absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'none.sock'}")


@pytest.mark.usefixtures("hanging")
async def test_an_engine_that_hangs_is_given_up_in_time() -> None:
    began = time.monotonic()

    engine = await find_engine()

    assert time.monotonic() - began < LIMIT
    assert engine.version == ""
    assert "Docker engine" in engine.problem


async def test_an_engine_that_trickles_is_given_up_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trickle(
        _reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            # Each byte is in time for a limit per read.
            for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.1)
        except OSError:
            pass
        finally:
            writer.close()

    path = tmp_path / "docker.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    async with await asyncio.start_unix_server(trickle, path):
        began = time.monotonic()
        engine = await find_engine()

    assert time.monotonic() - began < LIMIT
    assert engine.version == ""


@pytest.mark.usefixtures("hanging")
async def test_auto_goes_on_to_the_embedded_server_and_says_why(home: Path) -> None:
    async with postgres(home=home) as pg:
        assert pg.source == "embedded"
        assert "no Docker engine answer" in pg.reason


@pytest.mark.usefixtures("absent")
async def test_without_an_engine_auto_is_embedded(home: Path) -> None:
    async with postgres(home=home) as pg:
        assert pg.source == "embedded"


@pytest.mark.usefixtures("absent")
async def test_without_an_engine_a_container_is_an_error(home: Path) -> None:
    with pytest.raises(PostgresError, match="no Docker engine answers"):
        async with postgres(source="testcontainers", home=home):
            pass
