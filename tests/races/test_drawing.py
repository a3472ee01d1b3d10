"""Inputs are drawn: who plays which part, and what is read."""

from __future__ import annotations

from harness.exploring.grounds import Inputs
from harness.races.drawing import draw_inputs, others


def test_the_plain_ones_come_first_and_are_all_if_one_is_wanted() -> None:
    plain = Inputs((0, 1, 2))

    assert draw_inputs(1, tenants=3, reads=5, seeded=0) == (plain,)
    assert draw_inputs(4, tenants=3, reads=5, seeded=0)[0] == plain


def test_each_is_another_casting_of_all_tenants_with_a_reading_that_there_is() -> None:
    drawn = draw_inputs(6, tenants=4, reads=3, seeded=0)

    assert len(set(drawn)) == len(drawn) == 6
    assert all(sorted(one.cast) == [0, 1, 2, 3] for one in drawn)
    assert {one.reads for one in drawn} <= {0, 1, 2}
    assert not any(one.skipped for one in drawn)
    assert len({one.cast for one in drawn}) > 1


def test_a_seed_draws_the_same_again_and_another_one_something_else() -> None:
    first, again, other = (
        draw_inputs(6, tenants=5, reads=3, seeded=seed) for seed in (1, 1, 2)
    )

    assert first == again != other


def test_there_are_no_more_than_there_can_be() -> None:
    drawn = draw_inputs(9, tenants=2, reads=1, seeded=0)

    assert set(drawn) == {Inputs((0, 1)), Inputs((1, 0))}


def test_what_else_is_asked_for_differs_from_scenario_to_scenario() -> None:
    plain = Inputs((0, 1))
    drawn = {
        name: others(plain, count=1, asked=6, scenario=name, seeded=0)
        for name in ("cold", "warm", "leaving", "failing", "stopping", "moving")
    }

    assert all(len(one) == 1 for one in drawn.values())
    assert all(one[0].cast == plain.cast for one in drawn.values())
    assert 0 not in {one[0].reads for one in drawn.values()}
    assert len({one[0].reads for one in drawn.values()}) > 2
    assert not others(plain, count=2, asked=1, scenario="cold", seeded=0)
