"""Whether a Docker engine answers, decided within a time that always holds."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import dataclass

from harness.environment.blocking import in_daemon_thread

_DEFAULT_HOST = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class Engine:
    """The answer.

    Attributes:
        version: The engine's; "" when there is none to use.
        problem: Why there is none; "" when there is.
    """

    version: str
    problem: str


async def find_engine(*, timeout: float = 2.0) -> Engine:
    """Ask the engine that testcontainers would use for its version.

    Args:
        timeout: Seconds, also for a socket that accepts and then says nothing.
    """
    try:
        async with asyncio.timeout(timeout):
            return await in_daemon_thread(lambda: _ask(timeout))
    except TimeoutError:
        return Engine("", f"no Docker engine answered within {timeout:g} s")


def _knock(host: str, timeout: float) -> None:
    """Raise OSError if nothing listens on the engine's socket, where it has one.

    docker-py leaves its own socket open in that case.
    """
    scheme, _, path = host.partition("://")
    if scheme in {"unix", "http+unix"}:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(timeout)
            probe.connect(path)


def _ask(timeout: float) -> Engine:
    try:
        import docker
        from docker.errors import DockerException
        from requests import RequestException
        from testcontainers.core.docker_client import get_docker_host
    except ImportError as error:
        return Engine("", f"testcontainers is not installed ({error.name} is missing)")
    try:
        host = get_docker_host()
        _knock(host or _DEFAULT_HOST, timeout)
        environment = dict(os.environ) | ({"DOCKER_HOST": host} if host else {})
        client = docker.from_env(
            timeout=timeout,
            environment=environment,
            use_ssh_client=bool(host and host.startswith("ssh://")),
        )
        try:
            return Engine(str(client.version()["Version"]), "")
        finally:
            client.close()
    except (DockerException, RequestException, OSError, ValueError) as error:
        return Engine("", f"no Docker engine answers ({type(error).__name__})")
