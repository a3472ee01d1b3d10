"""Server options for databases that live as long as a test."""

from __future__ import annotations


def tuning(max_connections: int) -> dict[str, str]:
    """Return the options, for any server of ours, embedded or in a container.

    Nothing is kept safe from a power cut, and a server that loses a process
    stops rather than recover, so that a run never goes on over an accident.

    Args:
        max_connections: How many sessions at once; every tenant has a pool.
    """
    return {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        # At the minimal level each commit logs or syncs the files that it has made, one
        # by one: a tenth more work for a schema of many small tables.
        "wal_level": "replica",
        "max_wal_senders": "0",
        "checkpoint_timeout": "30min",
        "max_connections": str(max_connections),
        # Dropping hundreds of tenants' schemas takes a lock for every table.
        "max_locks_per_transaction": "256",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "restart_after_crash": "off",
    }


def as_arguments(options: dict[str, str]) -> list[str]:
    """Write options as the server's command line wants them."""
    return [
        word for name, value in options.items() for word in ("-c", f"{name}={value}")
    ]
