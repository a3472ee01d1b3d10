"""What the state machine finds of the seeded bugs when the sweep is off."""

from __future__ import annotations

from pathlib import Path

from harness.model.progress import silent
from harness.model.result import Result
from harness.model.verdict import Outcome
from harness.run import Order, mutants
from harness.settings import Settings

ROOT = Path(__file__).parents[2]
# Those first that hardly depend on what is drawn; see the study in docs/benchmarks.md.
BUGS = [
    "search-path-from-name",
    "configuration-cache-without-tenant",
    "foreign-token-accepted",
    "read-without-tenant",
    "response-cache-by-url",
    "update-without-tenant",
    "delete-without-tenant",
]
MOST = 4


def test_the_machine_alone_finds_most_seeded_bugs_and_shortens_them(
    tmp_path: Path,
) -> None:
    settings = Settings(
        target="reference_app.target:target",
        postgres="embedded",
        sweep=False,
        together=0,
        runs=tmp_path,
    )

    found: list[Result] = []
    for bug in BUGS:
        (outcome,) = mutants(Order(settings, "", ROOT, silent), [bug])
        result = outcome.result
        if result is not None and result.verdict.outcome is Outcome.FAIL:
            found.append(result)
        if len(found) == MOST:
            break

    assert len(found) == MOST
    for result in found:
        scripts = [finding.script for finding in result.findings if finding.script]
        assert scripts
        assert min(map(len, scripts)) <= 4
