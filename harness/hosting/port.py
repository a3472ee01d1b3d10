"""A port on loopback that is ours before anything serves there."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, final

from harness.errors import HarnessError, ResourceError
from harness.hosting.failure import of_system

_HOST: Final = "127.0.0.1"


@final
class Port:
    """A reserved port; made by `reserved`.

    It is bound and nobody listens yet: who connects is refused, until the app that
    is given it has started. So its address can be told, and arrivals can begin,
    before the app's process exists.
    """

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._number = int(listener.getsockname()[1])

    @property
    def number(self) -> int:
        """The port's number."""
        return self._number

    @property
    def url(self) -> str:
        """Where an app that serves there answers."""
        return f"http://{_HOST}:{self._number}"

    @property
    def listener(self) -> socket.socket:
        """The bound socket, for those who are to listen."""
        return self._listener

    def hand_over(self) -> None:
        """Let go of it: from now on only those who inherited it hold it.

        When they end, a connection is refused again instead of waiting in a queue
        that nobody serves.
        """
        self._listener.close()


@contextmanager
def reserved(port: int = 0) -> Iterator[Port]:
    """Bind a port, and let go of it in the end.

    Args:
        port: Which; 0 for any free one.

    Raises:
        ResourceError: The port is in use, or too many files are open.
    """
    try:
        listener = socket.socket()
    except OSError as error:
        raise of_system(error, "open a port") from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, port))
        except OSError as error:
            raise refused(error, port) from error
        yield Port(listener)


def refused(error: OSError, port: int) -> HarnessError:
    """Return the error for a port that the system did not give."""
    if error.errno == errno.EADDRINUSE:
        return ResourceError(
            f"Port {port} is in use.",
            hint="End what listens there, or choose port 0 for any free one.",
        )
    return of_system(error, f"listen on port {port}")
