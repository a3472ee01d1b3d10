"""What is drawn of a scenario: who plays which part, and what is read."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from harness.exploring.grounds import Inputs

if TYPE_CHECKING:
    from collections.abc import Sequence


def draw_inputs(
    count: int, *, tenants: int, reads: int, seeded: int
) -> Sequence[Inputs]:
    """Draw inputs with Hypothesis; the plainest ones come first.

    Args:
        count: How many, at most: there may be fewer different ones.
        tenants: How many tenants there are.
        reads: How many readings there are.
        seeded: Seed of the draw.
    """
    plain = Inputs(tuple(range(tenants)))
    drawn: dict[Inputs, None] = {plain: None}

    @seed(seeded)
    @settings(
        max_examples=max(1, 4 * count),
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.permutations(range(tenants)),
        st.integers(min_value=0, max_value=max(0, reads - 1)),
    )
    def draw(cast: list[int], first: int) -> None:
        drawn[Inputs(tuple(cast), first)] = None

    if count > 1:
        draw()
    return tuple(drawn)[:count]


def others(
    plain: Inputs, *, count: int, asked: int, scenario: str, seeded: int
) -> Sequence[Inputs]:
    """Draw in what else a scenario can ask for the same of the app.

    Over the scenarios all that can be asked for has its turn.

    Args:
        plain: What is drawn in any case.
        count: How many, at most.
        asked: How many things there are that it can ask for.
        scenario: Its name.
        seeded: Seed of the draw.
    """
    rest = [one for one in range(asked) if one != plain.reads]
    chance = random.Random(f"{seeded}/{scenario}")
    return [replace(plain, reads=one) for one in chance.sample(rest, len(rest))[:count]]
