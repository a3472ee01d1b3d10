"""Finding a run again by its directory, its report or its id."""

from __future__ import annotations

from pathlib import Path

from harness.errors import UsageError
from harness.model.finding import Finding
from harness.model.result import Result
from harness.reports.json import parse

REPORT = "report.json"


def find_run(run: str, runs: Path) -> Path:
    """Return the directory of a run.

    Args:
        run: Its directory, its ``report.json``, or its id; "" for the latest one.
        runs: Where runs are kept.

    Raises:
        UsageError: There is no such run.
    """
    if not run:
        return _latest(runs)
    for path in (Path(run), runs / run, runs / Path(run).name):
        if path.is_dir():
            return path
        if path.is_file():
            return path.parent
    raise UsageError(
        f"There is no run {run!r}, neither as a path nor in {runs}.",
        hint="Give a run's directory, its report.json or its id.",
    )


def _latest(runs: Path) -> Path:
    reports = list(runs.glob(f"*/{REPORT}"))
    if not reports:
        raise UsageError(
            f"There is no run in {runs} yet.", hint="Start with `harness isolation`."
        )
    return max(reports, key=lambda path: path.stat().st_mtime_ns).parent


def read_result(directory: Path) -> Result:
    """Return what a run found.

    Raises:
        UsageError: Its report is missing or broken.
    """
    path = directory / REPORT
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.",
            hint="A run that was interrupted has no report; run it again.",
        ) from error
    return parse(data, name=str(path))


def find_finding(result: Result, start: str) -> Finding:
    """Return the finding whose fingerprint begins so.

    Raises:
        UsageError: There is none, or more than one.
    """
    matching = [one for one in result.findings if one.fingerprint.startswith(start)]
    if len(matching) == 1:
        return matching[0]
    known = ", ".join(one.fingerprint for one in result.findings) or "none"
    number = "no finding" if not matching else f"{len(matching)} findings"
    raise UsageError(
        f"{number} of run {result.id} has a fingerprint that begins with {start!r}.",
        hint=f"Fingerprints in this run: {known}.",
    )
