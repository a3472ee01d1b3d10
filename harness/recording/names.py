"""Texts that name tenants, found in lines of text however many there are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, final

_SHORTEST: Final = 4
_RUN: Final = re.compile(r"[^\W_]+")
"""Letters and digits in a row, as `str.isalnum` has it."""


@final
class Names:
    """Which tenant a text names, and which names are in a text.

    A name that stands in a text as a word ends where letters and digits end. So each
    run of letters and digits in the name is a whole run of the text. One of the name's
    runs, which few other names have, leads to it.
    """

    def __init__(self) -> None:
        self._tenants: dict[str, int] = {}
        self._by_run: dict[str, list[tuple[str, int]]] = {}
        self._without_run: list[str] = []

    @property
    def tenants(self) -> Mapping[str, int]:
        """Texts that name a tenant, lower case, and its index."""
        return self._tenants

    def learn(self, name: str, tenant: int) -> None:
        """Remember that a text names a tenant, from now on this one."""
        name = name.lower()
        if name not in self._tenants and _telling(name):
            self._enter(name)
        self._tenants[name] = tenant

    def named_in(self, text: str) -> frozenset[int]:
        """Return whose names are in a text, as words.

        The time that it takes depends on the text, not on how many names there are.
        """
        lowered = text.lower()
        return frozenset(self._tenants[name] for name in self._found(lowered))

    def _enter(self, name: str) -> None:
        runs = list(_RUN.finditer(name))
        if not runs:
            self._without_run.append(name)
            return
        rarest = min(runs, key=lambda run: len(self._by_run.get(run.group(), ())))
        entry = (name, rarest.start())
        self._by_run.setdefault(rarest.group(), []).append(entry)

    def _found(self, lowered: str) -> Iterator[str]:
        for run in _RUN.finditer(lowered):
            for name, offset in self._by_run.get(run.group(), ()):
                if _stands_at(run.start() - offset, name, lowered):
                    yield name
        for name in self._without_run:
            start = lowered.find(name)
            while start >= 0 and not _stands_at(start, name, lowered):
                start = lowered.find(name, start + 1)
            if start >= 0:
                yield name


def _telling(name: str) -> bool:
    """Whether a name stands for a tenant outside of a key: not "7", not "uk"."""
    return len(name) >= _SHORTEST and not name.isdecimal()


def _stands_at(start: int, name: str, lowered: str) -> bool:
    """Whether a name is there, as a word and not as a part of one."""
    if start < 0 or not lowered.startswith(name, start):
        return False
    end = start + len(name)
    before = lowered[start - 1] if start else " "
    after = lowered[end] if end < len(lowered) else " "
    return not (before.isalnum() or after.isalnum())
