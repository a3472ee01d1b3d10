"""Names of asyncpg's, most of them not public, that the tap relies on."""

from __future__ import annotations

import importlib.metadata
from typing import Final

from harness.errors import EnvironmentFailure

_PROTOCOL: Final = "asyncpg.protocol.protocol:Protocol"

SENDING: Final = (
    "bind",
    "bind_execute",
    "bind_execute_many",
    "close",
    "close_portal",
    "close_statement",
    "copy_in",
    "copy_out",
    "execute",
    "prepare",
    "query",
)
"""Methods of its protocol that send something and await the answer."""

ASKED: Final = (
    "_is_cancelling",
    "_wait_for_cancellation",
    "get_server_pid",
    "is_connected",
)
"""Methods of its protocol that the tap calls."""

OPERATIONS: Final = tuple(f"{_PROTOCOL}.{name}" for name in SENDING)
QUESTIONS: Final = tuple(f"{_PROTOCOL}.{name}" for name in ASKED)
CONNECTION_MADE: Final = f"{_PROTOCOL}.connection_made"
DATA_RECEIVED: Final = f"{_PROTOCOL}.data_received"
CONNECT: Final = "asyncpg.connect_utils:__connect_addr"
CANCEL: Final = "asyncpg.connect_utils:_cancel"

LISTENING: Final = (
    "asyncpg.connection:Connection.add_listener",
    "asyncpg.connection:Connection.remove_listener",
)

CONTRACT: Final = (
    *OPERATIONS,
    *QUESTIONS,
    CONNECTION_MADE,
    DATA_RECEIVED,
    CONNECT,
    CANCEL,
    *LISTENING,
)
"""All of them, by where they are."""


def outdated(function: str) -> Exception:
    """Return what to raise where asyncpg lacks one of them."""
    return EnvironmentFailure(
        f"asyncpg {importlib.metadata.version('asyncpg')} has no {function}, by which "
        "its operations are put in order.",
        hint="Use asyncpg 0.32, or tell us of the one that you need.",
    )
