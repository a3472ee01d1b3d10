"""Generations: something of a tenant's that is written again and again, and read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from harness.model.tenant import Tenant
    from harness.target.tools import Tools

WriteGeneration: TypeAlias = Callable[
    ["Tools", "Tenant", Mapping[str, str], int], Awaitable[None]
]
ReadGeneration: TypeAlias = Callable[
    ["Tools", "Tenant", Mapping[str, str]], Awaitable[int]
]

WRITES: Final = ("tools", "tenant", "headers", "generation")
READS: Final = ("tools", "tenant", "headers")
"""What the hooks are called with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generations:
    """A flag, a setting or a key of which a tenant must not see an older after a newer.

    Attributes:
        write: ``async def write(tools, tenant, headers, generation)``: writes one; 1
            is the first that is written. ``headers`` are what the tenant's user sends.
        read: ``async def read(tools, tenant, headers)``: returns which one is shown; 0
            is what was there before any was written.
        fresh: Whether the app promises to show what was written before. If not, it may
            be late, as long as it never goes back.
    """

    write: WriteGeneration
    read: ReadGeneration
    fresh: bool = False
