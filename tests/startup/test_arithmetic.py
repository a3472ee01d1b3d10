"""The sum of an app's connections is made, and shown where it does not fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.environment.activity import Limits
from harness.errors import UsageError
from harness.startup.arithmetic import refuse_if_too_many
from harness.target.connections import ConnectionPlan

LIMITS = Limits(most=100, reserved=3)
TIMES = "\N{MULTIPLICATION SIGN}"
TENANTS = f"20 tenants {TIMES}"
counts = st.integers(0, 1000)


@pytest.mark.parametrize(
    ("plan", "most", "written"),
    [
        (
            ConnectionPlan(budget=40, largest_pool=4, shared=10, reserve=3),
            103,
            f"2 workers {TIMES} (min(budget 40, {TENANTS} 4) + 10 shared) + 3 reserve",
        ),
        (
            ConnectionPlan(largest_pool=2),
            80,
            f"2 workers {TIMES} {TENANTS} 2 + 0 reserve",
        ),
        (
            ConnectionPlan(budget=7, reserve=1),
            15,
            f"2 workers {TIMES} budget 7 + 1 reserve",
        ),
        (
            ConnectionPlan(shared=5),
            10,
            f"2 workers {TIMES} (0 + 5 shared) + 0 reserve",
        ),
    ],
)
def test_the_sum_is_made_and_written_out(
    plan: ConnectionPlan, most: int, written: str
) -> None:
    assert plan.most(tenants=20, workers=2) == most
    assert plan.sum(tenants=20, workers=2) == f"{written} = {most}"


def test_what_fits_is_let_pass_up_to_the_last_connection() -> None:
    plan = ConnectionPlan(largest_pool=1, shared=7)
    assert plan.most(tenants=90, workers=1) == LIMITS.most - LIMITS.reserved

    refuse_if_too_many(plan, LIMITS, strategy="eager", tenants=90, workers=1)


def test_one_more_is_refused_with_the_sum_and_the_limit() -> None:
    plan = ConnectionPlan(largest_pool=1, shared=7)

    with pytest.raises(UsageError) as caught:
        refuse_if_too_many(plan, LIMITS, strategy="eager", tenants=91, workers=1)

    assert "Strategy eager with 91 tenants" in caught.value.message
    assert plan.sum(tenants=91, workers=1) in caught.value.message
    assert "> 97 (max_connections 100 - 3 reserved)" in caught.value.message


plans = st.builds(
    ConnectionPlan, budget=counts, largest_pool=counts, shared=counts, reserve=counts
)


@given(plans, st.integers(1, 8), st.integers(1, 10_000))
def test_the_sum_is_that_of_the_formula(
    plan: ConnectionPlan, workers: int, tenants: int
) -> None:
    assert plan.budget is not None
    assert plan.largest_pool is not None

    of_tenants = min(plan.budget, tenants * plan.largest_pool)
    expected = workers * (of_tenants + plan.shared) + plan.reserve
    assert plan.most(tenants=tenants, workers=workers) == expected
