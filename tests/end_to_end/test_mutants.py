"""What the state machine finds of the seeded bugs when the sweep is off."""

from __future__ import annotations

from pathlib import Path

from harness.model.progress import silent
from harness.model.verdict import Outcome
from harness.run import Order, mutants
from harness.settings import Settings

ROOT = Path(__file__).parents[2]
BUGS = [
    "read-without-tenant",
    "update-without-tenant",
    "delete-without-tenant",
    "response-cache-by-url",
    "configuration-cache-without-tenant",
    "foreign-token-accepted",
    "search-path-from-name",
]


def test_the_machine_alone_finds_most_seeded_bugs_and_shortens_them(
    tmp_path: Path,
) -> None:
    settings = Settings(
        target="reference_app.target:target",
        postgres="embedded",
        sweep=False,
        runs=tmp_path,
    )

    outcomes = mutants(Order(settings, "", ROOT, silent), BUGS)

    results = [one.result for one in outcomes if one.result is not None]
    found = [one for one in results if one.verdict.outcome is Outcome.FAIL]
    assert len(found) >= 4
    for result in found:
        scripts = [finding.script for finding in result.findings if finding.script]
        assert scripts
        assert min(map(len, scripts)) <= 4
