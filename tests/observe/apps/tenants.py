"""Functions of an app that make a tenant's resource ready, in each form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Tenant:
    slug: str
    facts: Mapping[str, str]


async def open_it(tenant: Tenant, *, fail: bool = False, gate: Any = None) -> str:
    """Open something."""
    if gate is not None:
        await gate.wait()
    if fail:
        raise LookupError(tenant.slug)
    return f"open {tenant.slug}"


def load(slug: str) -> str:
    return f"loaded {slug}"


def later(slug: str) -> Any:
    return asyncio.sleep(0, f"slept {slug}")


@asynccontextmanager
async def entered(tenant: Tenant) -> AsyncIterator[str]:
    yield f"entered {tenant.slug}"


@contextmanager
def held(tenant: Tenant) -> Iterator[str]:
    yield f"held {tenant.slug}"


class Registry:
    def __init__(self, slug: str) -> None:
        self.slug = slug

    async def open(self) -> str:
        return f"registered {self.slug}"

    async def close(self) -> None:
        self.slug = ""

    @classmethod
    async def make(cls, slug: str) -> Registry:
        return cls(slug)

    @staticmethod
    def check(slug: str) -> bool:
        return bool(slug)


async def generate(slug: str) -> AsyncIterator[str]:
    yield slug


NOT_A_FUNCTION = 7
