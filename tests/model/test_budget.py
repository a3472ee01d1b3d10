from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.budget import Budget
from harness.model.measurement import Measurement


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("ready=2s", Budget("ready", 2.0, "s")),
        ("first_200_p95=500ms", Budget("first_200_p95", 500.0, "ms")),
        ("memory=300MB", Budget("memory", 300.0, "MB")),
        ("connections=50", Budget("connections", 50.0)),
        ("failures=0.5%", Budget("failures", 0.5, "%")),
        (" ready = 2s", None),
        (
            "ready@strategy:lazy@tenants:200=1.5s",
            Budget("ready", 1.5, "s", {"strategy": "lazy", "tenants": "200"}),
        ),
        (
            "p99@operation:GET /documents=20ms",
            Budget("p99", 20.0, "ms", {"operation": "GET /documents"}),
        ),
    ],
)
def test_a_budget_reads_as_a_name_a_figure_and_its_unit(
    text: str, budget: Budget | None
) -> None:
    if budget is None:
        with pytest.raises(ValueError, match="no budget"):
            Budget.parse(text)
    else:
        assert Budget.parse(text) == budget
        assert Budget.parse(str(budget)) == budget


@pytest.mark.parametrize(
    "text", ["", "ready", "ready=", "ready=soon", "ready=-1s", "=2s", "ready@lazy=2s"]
)
def test_what_has_another_form_is_refused_and_shown_how_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="ready=2s"):
        Budget.parse(text)


def test_a_unit_that_is_not_known_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'parsecs' is no unit; there are %, us, ms"):
        Budget.parse("ready=2parsecs")


def test_figures_in_another_unit_of_the_same_kind_are_converted() -> None:
    budget = Budget.parse("ready=2s")

    assert budget.excess(Measurement("ready", 3000.0, "ms")) == pytest.approx(1.5)
    assert budget.excess(Measurement("ready", 2000.0, "ms")) <= 1
    assert budget.same_unit(Measurement("ready", 3000.0, "ms")) == pytest.approx(3.0)


def test_figures_of_another_kind_are_not_comparable() -> None:
    budget = Budget.parse("ready=2s")

    assert not budget.comparable("B")
    assert not budget.comparable("furlongs")
    with pytest.raises(ValueError, match="figures in B"):
        budget.excess(Measurement("ready", 1.0, "B"))


def test_a_budget_of_zero_is_passed_by_anything_more() -> None:
    budget = Budget.parse("connections_left=0")

    assert budget.excess(Measurement("connections_left", 0)) <= 1
    assert budget.excess(Measurement("connections_left", 1)) == math.inf


def test_labels_say_which_figures_it_holds_for() -> None:
    budget = Budget.parse("ready@strategy:lazy=2s")

    def figure(**labels: str) -> Measurement:
        return Measurement("ready", 1.0, "s", labels)

    assert budget.holds_for(figure(strategy="lazy", tenants="200"))
    assert not budget.holds_for(figure(strategy="eager", tenants="200"))
    assert not budget.holds_for(figure(tenants="200"))
    assert not budget.holds_for(Measurement("listening", 1.0, "s"))


@given(
    st.floats(min_value=0, max_value=1e6),
    st.floats(min_value=0, max_value=1e6),
    st.sampled_from(["s", "ms", "us", "min"]),
)
def test_a_figure_in_its_budgets_own_unit_passes_exactly_when_it_is_no_more(
    limit: float, value: float, unit: str
) -> None:
    excess = Budget("ready", limit, unit).excess(Measurement("ready", value, unit))

    assert (excess <= 1) == (value <= limit)
