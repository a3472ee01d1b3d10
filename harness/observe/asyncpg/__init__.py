"""The tap on asyncpg: it tells of connections, and has operations wait their turn."""

from harness.observe.asyncpg.connections import Connection, connections_tapped
from harness.observe.asyncpg.contract import CONTRACT
from harness.observe.asyncpg.gating import asyncpg_gated
from harness.observe.asyncpg.held import held_backends

__all__ = [
    "CONTRACT",
    "Connection",
    "asyncpg_gated",
    "connections_tapped",
    "held_backends",
]
