"""Which variants a run over all of them tries."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from harness.model.progress import Progress
from harness.run import Order, mutants
from harness.settings import Settings


def test_a_bug_that_is_known_to_be_beyond_all_is_named_and_not_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """
        from harness import Target, Variant

        async def provision(tools, tenant):
            return None

        bug = Variant(app="shop:app", beyond="needs two requests at once")
        target = Target(app="shop:app", provision=provision, variants={"overlap": bug})
    """
    (tmp_path / "beyond_target.py").write_text(textwrap.dedent(source))
    monkeypatch.syspath_prepend(str(tmp_path))
    told: list[Progress] = []
    settings = Settings(target="beyond_target:target", runs=tmp_path / "runs")

    outcomes = mutants(Order(settings, "", tmp_path, told.append), [])

    assert outcomes == []
    assert [one.detail for one in told] == [
        "overlap is not tried: needs two requests at once"
    ]
