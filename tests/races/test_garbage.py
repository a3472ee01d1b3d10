"""Garbage is collected between schedules, and not amid one."""

from __future__ import annotations

import gc
import weakref

from harness.exploring.garbage import set_apart, uncollected


class Node:
    """Refers to itself, so that only a collection ends it."""

    def __init__(self) -> None:
        self.own = self


def test_what_is_referred_to_weakly_stays_until_the_block_ends() -> None:
    with uncollected():
        seen = weakref.ref(Node())
        kept = [[number] for number in range(100_000)]
        assert seen() is not None
        assert not gc.isenabled()

    assert seen() is None
    assert gc.isenabled()
    assert len(kept) == 100_000


def test_who_has_it_switched_off_keeps_it_so() -> None:
    gc.disable()
    try:
        with uncollected():
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
