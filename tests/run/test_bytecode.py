"""Compiled modules are kept for a run, and only for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.run.bytecode import kept_bytecode

ASKED = "import sys; print(sys.dont_write_bytecode, sys.pycache_prefix)"


def further_process() -> list[str]:
    command = [sys.executable, "-c", ASKED]
    return subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.split()


def test_where_none_are_kept_a_run_keeps_them_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    prefix, before = sys.pycache_prefix, dict(os.environ)

    with kept_bytecode():
        directory = sys.pycache_prefix
        assert directory is not None
        assert not sys.dont_write_bytecode
        assert further_process() == ["False", directory]
        assert Path(directory).is_dir()

    assert sys.dont_write_bytecode
    assert sys.pycache_prefix == prefix
    assert dict(os.environ) == before
    assert not Path(directory).exists()


def test_where_they_are_kept_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    prefix, before = sys.pycache_prefix, dict(os.environ)

    with kept_bytecode():
        assert sys.pycache_prefix == prefix
        assert dict(os.environ) == before
