"""Factories, and things that are none."""

from __future__ import annotations

import functools
import sys
from typing import Any

from .plain import app as plain

number = 7
partial = functools.partial(plain)


class Space:
    inner = plain


def create() -> Any:
    return plain


def optional(settings: Any = None, parts: Any = None, clock: Any = None) -> Any:
    return plain


def needs(settings: Any, *, parts: Any) -> Any:
    return plain


def returns_nothing() -> None:
    return None


async def is_async() -> Any:
    return plain


def raises() -> Any:
    raise LookupError("no settings")


def exits() -> Any:
    sys.exit(3)


class Callable3:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await plain(scope, receive, send)


instance = Callable3()
