"""A Postgres server in a container of its own, by testcontainers."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

import asyncpg

from harness.environment.blocking import in_daemon_thread
from harness.environment.dsn import Address, make_dsn
from harness.environment.exhaustion import says_full
from harness.environment.owner import Owner
from harness.environment.server import Postgres
from harness.environment.tuning import as_arguments, tuning
from harness.errors import PostgresError, ResourceError

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

LABEL = "harness.owner"
_PORT = 5432
_USER = "postgres"
_LOOPBACK = "127.0.0.1"
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_PULL_TIMEOUT = 600.0
_REMOVE_TIMEOUT = 20.0
_TAIL = 15

T = TypeVar("T")


@contextlib.asynccontextmanager
async def container(
    *,
    reason: str,
    image: str,
    max_connections: int = 200,
    start_timeout: float = 30.0,
) -> AsyncIterator[Postgres]:
    """Run a container for as long as the block.

    Containers that dead runs on this host left behind are removed first. How to
    reach the engine, and whether ryuk watches, is set by testcontainers' own
    environment variables.

    Args:
        reason: Why this source was taken.
        image: A Postgres image that works like the official one.
        max_connections: Sessions at once.
        start_timeout: Seconds until the server must answer, without the download.

    Raises:
        PostgresError: It did not start.
        ResourceError: The engine's disk is full.
    """
    password = secrets.token_urlsafe(24)
    try:
        server = await in_daemon_thread(
            lambda: _describe(image, password, max_connections)
        )
        await in_daemon_thread(lambda: _sweep(server))
        async with asyncio.timeout(_PULL_TIMEOUT):
            await in_daemon_thread(lambda: _pull(server))
    except Exception as error:  # the libraries below do not say what they raise
        raise _failure(image, error) from error
    try:
        try:
            async with asyncio.timeout(start_timeout):
                await _finished(server.start)
                pg = await _ready(server, reason, password)
        except TimeoutError as error:
            said = await in_daemon_thread(lambda: _diagnosis(server))
            late = TimeoutError(f"it did not answer within {start_timeout:g} s")
            raise _failure(image, late, said) from error
        except Exception as error:
            said = await in_daemon_thread(lambda: _diagnosis(server))
            raise _failure(image, error, said) from error
        yield pg
    finally:
        await _finished(partial(_remove, server))


def _describe(image: str, password: str, max_connections: int) -> DockerContainer:
    from testcontainers.community.postgres import PostgresContainer

    class Server(PostgresContainer):
        def _connect(self) -> None:
            """Readiness is found out from outside, and more than once a second."""

    owner = Owner.current()
    options = as_arguments(tuning(max_connections))
    server = (
        Server(image, username=_USER, password=password, dbname="postgres", driver=None)
        .with_command(["postgres", *options])
        .with_name(f"harness-postgres-{owner.new_name()}")
        .with_kwargs(labels={LABEL: owner.mark})
    )
    if _is_local(server):
        # A random port, and not on every interface of the machine.
        loopback = {str(_PORT): (_LOOPBACK, None)}
        server.ports = cast("dict[str, int | None]", loopback)
    return server


def _is_local(server: DockerContainer) -> bool:
    """Whether the engine's ports are this machine's, or someone declared them so."""
    from testcontainers.core.config import ConnectionMode, testcontainers_config

    client = server.get_docker_client()
    return testcontainers_config.tc_host_override in _LOCAL or (
        client.get_connection_mode() is ConnectionMode.docker_host
        and client.host() in _LOCAL
    )


def _reach(server: DockerContainer) -> tuple[str, int]:
    """Return the host and port that the started server is reached at."""
    host = _LOOPBACK if _is_local(server) else server.get_container_host_ip()
    return host, int(server.get_exposed_port(_PORT))


def _sweep(server: DockerContainer) -> None:
    """Remove what provably dead processes of this host started."""
    from docker.errors import APIError

    client = server.get_docker_client().client
    for found in client.containers.list(all=True, filters={"label": LABEL}):
        owner = Owner.find(found.labels.get(LABEL, ""))
        if owner is not None and owner.is_dead():
            # Another run may be sweeping too.
            with contextlib.suppress(APIError):
                found.remove(force=True, v=True)


def _pull(server: DockerContainer) -> None:
    from docker.errors import ImageNotFound

    images = server.get_docker_client().client.images
    try:
        images.get(server.image)
    except ImageNotFound:
        images.pull(server.image)


async def _ready(server: DockerContainer, reason: str, password: str) -> Postgres:
    host, port = await in_daemon_thread(lambda: _reach(server))
    dsn = make_dsn(Address(host, port, _USER, password, "postgres"))
    while True:
        try:
            connection = await asyncpg.connect(dsn, timeout=2.0)
        except (OSError, TimeoutError, asyncpg.PostgresConnectionError):
            await in_daemon_thread(lambda: _insist_on_running(server))
            await asyncio.sleep(0.05)
        except asyncpg.CannotConnectNowError:
            await asyncio.sleep(0.05)
        else:
            break
    version = await connection.fetchval("show server_version")
    await connection.close()
    return Postgres(
        dsn=dsn,
        host=host,
        port=port,
        user=_USER,
        password=password,
        version=version.split()[0],
        source="testcontainers",
        reason=reason,
        diagnose=lambda: _diagnosis(server),
    )


def _insist_on_running(server: DockerContainer) -> None:
    wrapped = server.get_wrapped_container()
    wrapped.reload()
    if wrapped.status in {"exited", "dead", "removing"}:
        raise PostgresError("the container ended")


def _diagnosis(server: DockerContainer) -> str:
    """Say how the container is, for a server that does not answer."""
    from docker.errors import DockerException
    from requests import RequestException
    from testcontainers.core.exceptions import ContainerStartException

    try:
        wrapped = server.get_wrapped_container()
        wrapped.reload()
        state = wrapped.attrs["State"]
        logs = wrapped.logs(tail=_TAIL).decode(errors="replace").rstrip()
    except ContainerStartException:
        return "The container was not created."
    except (DockerException, RequestException, OSError) as error:
        return f"The Docker engine does not say why ({type(error).__name__})."
    how = f"The container is {state['Status']} (exit code {state['ExitCode']})."
    return f"{how}\nThe end of its log:\n{logs or '(empty)'}"


def _remove(server: DockerContainer) -> None:
    from docker.errors import DockerException
    from requests import RequestException

    # An engine that is gone cannot be asked; the next start removes what it kept.
    with contextlib.suppress(DockerException, RequestException, OSError):
        server.stop()


async def _finished(step: Callable[[], T]) -> T:
    """Run a short blocking step that must not be left half done.

    A cancellation waits for it, and comes through afterwards.
    """
    task = asyncio.ensure_future(in_daemon_thread(step))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=_REMOVE_TIMEOUT)
        if task.done() and not task.cancelled():
            # Read, so that it is not reported as never retrieved.
            task.exception()
        task.cancel()
        raise


def _failure(
    image: str, error: Exception, said: str = ""
) -> PostgresError | ResourceError:
    told = f"{error}\n{said}"
    if says_full(told):
        return ResourceError(
            f"the Docker engine's disk is full; {image} did not start",
            hint="Free space there: docker system prune.",
        )
    about = f"{type(error).__name__}: {error}".removesuffix(": ")
    return PostgresError(
        "\n".join(
            filter(None, [f"a container of {image} did not start: {about}", said])
        ),
        hint="Check the image and the engine, or take the embedded server.",
    )
