"""The races that tools are compared by are races, and their twins are none."""

from __future__ import annotations

import pytest

from benchmarks.racing.catalogue import catalogue
from benchmarks.racing.ways import BUDGET, Search, ours

PROGRAMS = {name: program() for name, program in catalogue().items()}
CORRECT = [name for name, program in PROGRAMS.items() if program.correct]


@pytest.mark.parametrize("name", sorted(PROGRAMS.keys() - set(CORRECT)))
def test_a_portfolio_finds_each_race(name: str) -> None:
    search = Search(PROGRAMS[name], "", seconds=50, seed=1)

    ours(search)

    assert search.found
    assert search.runs <= BUDGET


@pytest.mark.parametrize("name", CORRECT)
def test_it_finds_nothing_in_what_is_correct(name: str) -> None:
    search = Search(PROGRAMS[name], "", seconds=50, seed=1, most=BUDGET)

    ours(search)

    assert search.runs == BUDGET
    assert not search.found
    assert not search.note
