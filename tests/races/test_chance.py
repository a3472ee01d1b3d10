"""What is random in an app is the same in each schedule, and only there."""

from __future__ import annotations

import os
import random
import secrets
import uuid

import pytest

from harness.exploring.chance import same_chance


def draw() -> tuple[float, uuid.UUID, uuid.UUID]:
    return random.random(), uuid.uuid4(), uuid.uuid4()


def test_a_seed_gives_the_same_each_time_and_another_one_something_else() -> None:
    drawn = []
    for seed in (7, 7, 8):
        with same_chance(seed):
            drawn.append(draw())

    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0][1] != drawn[0][2]
    assert drawn[0][1].version == 4


def test_afterwards_it_is_as_random_as_before_also_after_an_error() -> None:
    random.seed(5)
    expected = random.random()
    random.seed(5)

    with pytest.raises(LookupError):
        _fails_amid_chance()

    assert random.random() == expected
    assert uuid.os is os  # type: ignore[attr-defined]
    assert uuid.uuid4() != uuid.uuid4()


def test_keys_stay_secret() -> None:
    with same_chance(7):
        first = os.urandom(8), secrets.token_hex(8)
    with same_chance(7):
        second = os.urandom(8), secrets.token_hex(8)

    assert not set(first) & set(second)


def _fails_amid_chance() -> None:
    with same_chance(7):
        draw()
        raise LookupError
