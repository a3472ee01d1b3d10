"""The command line as a user runs it: in a process and a directory of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import harness

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environ() -> dict[str, str]:
    """Variables under which `harness` can be imported from anywhere."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith("HARNESS_")}
    ours.pop("CI", None)
    return {**ours, "PYTHONPATH": str(Path(harness.__file__).parents[1])}


@pytest.fixture
def run(tmp_path: Path, environ: dict[str, str]) -> Run:
    """Run `harness` with arguments, in `tmp_path`."""

    def run_harness(
        *arguments: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "harness", *arguments],
            cwd=tmp_path,
            env={**environ, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run_harness
