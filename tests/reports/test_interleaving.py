from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.model.race import Interleaving, Line, Movement
from harness.reports.interleaving import LEGEND, diagram
from tests.reports.orders import a_stampede, an_order, went


def texts(order: Interleaving, *, width: int = 100, full: bool = False) -> list[str]:
    return [row.text for row in diagram(order, width=width, full=full)]


def test_each_actor_has_a_column_and_a_line_of_the_legend() -> None:
    assert texts(a_stampede()) == [
        "   1  lifespan   the app's lifespan",
        "   2  request 1  A: GET /documents",
        "   3  request 2  A: GET /documents",
        "",
        "      1  2  3",
        "   1  ●        lifespan startup",
        "   2     ●     arrive GET /documents",
        "   3▶    │  ◆  arrive GET /documents",
        "   4     ●  │  connect",
        "   5        ●  connect",
        LEGEND,
    ]


def test_only_the_deviating_rows_are_marked() -> None:
    marked = [row.text for row in diagram(a_stampede(), width=100) if row.deviates]

    assert marked == ["   3▶    │  ◆  arrive GET /documents"]


def test_without_a_deviation_nothing_is_marked_or_explained() -> None:
    order = an_order([went("request 1", "connect")], actors=2)

    assert texts(order)[-1] == "   1     ●  connect"


def test_what_one_actor_does_for_long_is_folded_unless_all_is_wanted() -> None:
    lines = [went("request 1", f"query {n}") for n in range(1, 9)]
    order = an_order(lines, actors=2)

    assert texts(order)[4:] == [
        "   1     ●  query 1",
        "         ⋮  (6 more)",
        "   8     ●  query 8",
    ]
    assert len(texts(order, full=True)) == 4 + 8


def test_what_deviates_or_fails_amid_a_stretch_is_never_folded() -> None:
    lines = [went("request 1", f"query {n}") for n in range(1, 21)]
    lines[9] = went("request 1", "query 10", deviates=True)
    lines[14] = Line("request 1", "query 15 (raise)", Movement.FAILED)
    shown = "\n".join(texts(an_order(lines, actors=2)))

    assert "10▶    ◆  query 10" in shown
    assert "15     ●  query 15 (raise)" in shown
    assert "(7 more)" in shown


def test_a_long_order_shows_what_is_near_to_what_deviates_and_both_ends() -> None:
    lines = [went(f"request {1 + n % 2}", f"step {n}") for n in range(400)]
    lines[200] = went("request 1", "step 200", deviates=True)
    shown = texts(an_order(lines))

    assert len(shown) < 40
    text = "\n".join(shown)
    for step in (0, 196, 200, 204, 399):
        assert f"step {step}" in text
    assert "step 100" not in text
    assert sum(int(row.split("(")[1].split()[0]) for row in shown if "more)" in row) + (
        sum("step" in row for row in shown)
    ) == len(lines)


@given(
    order=st.integers(2, 12).flatmap(
        lambda actors: st.lists(
            st.builds(
                Line,
                st.sampled_from(
                    ["lifespan", *(f"request {n}" for n in range(1, actors))]
                ),
                st.text(max_size=200),
                st.sampled_from(Movement),
                st.booleans(),
            ),
            max_size=120,
        ).map(lambda lines: an_order(lines, actors=actors))
    ),
    full=st.booleans(),
)
def test_any_order_fits_into_a_hundred_columns_and_shows_all_that_deviates(
    order: Interleaving, full: bool
) -> None:
    rows = list(diagram(order, width=100, full=full))

    assert all(len(row.text) <= 100 and row.text.isprintable() for row in rows)
    deviating = sum(line.deviates for line in order.lines)
    assert sum(row.deviates for row in rows) == deviating
