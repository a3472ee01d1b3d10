"""Garbage is collected between schedules, and not amid one."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from harness.exploring.garbage import THAWED, Garbage, set_apart


class Node:
    """Refers to itself, so that only a collection ends it."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def garbage() -> Iterator[Garbage]:
    with set_apart() as found:
        yield found


def test_what_is_referred_to_weakly_stays_until_the_block_ends(
    garbage: Garbage,
) -> None:
    with garbage.uncollected():
        seen = weakref.ref(Node())
        kept = [[number] for number in range(100_000)]
        assert seen() is not None
        assert not gc.isenabled()

    assert seen() is None
    assert gc.isenabled()
    assert len(kept) == 100_000


def test_who_has_it_switched_off_keeps_it_so(garbage: Garbage) -> None:
    gc.disable()
    try:
        with garbage.uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_was_there_before_is_not_looked_at() -> None:
    before = gc.get_freeze_count()
    with set_apart():
        assert gc.get_freeze_count() > before
        seen = weakref.ref(Node())
        gc.collect()
        assert seen() is None
    assert gc.get_freeze_count() == 0


def test_what_outlives_a_block_is_not_looked_at_after_each_later_one(
    garbage: Garbage,
) -> None:
    with garbage.uncollected():
        node = Node()
    seen = weakref.ref(node)
    del node
    for _ in range(THAWED - 2):
        with garbage.uncollected():
            pass
        assert seen() is not None
    with garbage.uncollected():
        pass
    assert seen() is None
