"""What only a start shows: bugs in the reference app, and what looks like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.model.progress import silent
from harness.model.result import Result
from harness.model.verdict import Outcome
from harness.run import Order, mutants, startup
from harness.settings import Settings

ROOT = Path(__file__).parents[2]
MUTANTS = "reference_app/mutants/startup"


def started(variant: str, runs: Path, *, strategy: str = "eager") -> Result:
    settings = Settings(
        target="reference_app.target:target",
        variant=variant,
        postgres="embedded",
        startup_tenants=(3,),
        strategy=(strategy,),
        trials=1,
        runs=runs,
    )
    return startup(Order(settings, "", ROOT, silent))


@pytest.mark.parametrize(
    ("variant", "shape", "operation"),
    [
        ("two-registries", "twice", "reference_app.tenants.opening:Opening.open"),
        (
            "connection-left-open",
            "left open",
            f"connection opened at {MUTANTS}/connection_left_open.py:",
        ),
    ],
)
def test_a_seeded_bug_is_found_and_named(
    tmp_path: Path, variant: str, shape: str, operation: str
) -> None:
    result = started(variant, tmp_path)

    assert result.verdict.outcome is Outcome.FAIL
    (finding,) = result.findings
    assert (finding.oracle, finding.shape) == ("lifecycle", shape)
    assert finding.operation.startswith(operation)


@pytest.mark.parametrize("variant", ["own-connection", "closed-after-start"])
def test_what_only_looks_like_one_passes(tmp_path: Path, variant: str) -> None:
    result = started(variant, tmp_path)

    assert result.verdict.outcome is Outcome.PASS, result.verdict.reasons
    assert result.coverage.covered == ("eager, 3 tenants",)


def test_the_verb_for_leaks_does_not_try_what_it_cannot_see(tmp_path: Path) -> None:
    settings = Settings(target="reference_app.target:target", runs=tmp_path)

    with pytest.raises(UsageError, match="is shown by the startup exercise"):
        mutants(Order(settings, "", ROOT, silent), ["two-registries"])
