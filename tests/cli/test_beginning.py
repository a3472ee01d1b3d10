from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.beginning import repeating, short


@pytest.mark.parametrize(
    ("arguments", "environ", "command"),
    [
        (["isolation"], {}, "harness isolation"),
        (
            ["isolation", "--variant", "it's"],
            {"PATH": "/bin", "HARNESS_SEED": "3", "HARNESS_WORLD": "w"},
            "HARNESS_SEED=3 harness isolation --variant 'it'\"'\"'s'",
        ),
        (
            ["isolation", "--dsn", "postgresql://u:hunter2@h", "--seed", "1"],
            {"HARNESS_DSN": "postgresql://u:hunter2@h"},
            'harness isolation --dsn "$HARNESS_DSN" --seed 1',
        ),
        (
            ["isolation", "--dsn=postgresql://u:hunter2@h"],
            {},
            'harness isolation --dsn="$HARNESS_DSN"',
        ),
    ],
)
def test_the_command_repeats_the_run_and_holds_no_secret(
    arguments: list[str], environ: dict[str, str], command: str
) -> None:
    assert repeating(arguments, environ) == command


def test_a_path_inside_this_directory_is_written_from_here(tmp_path: Path) -> None:
    assert short(tmp_path / "a" / "b", tmp_path) == "a/b"
    assert short(Path("a/b"), tmp_path) == "a/b"
    assert short(Path("/elsewhere"), tmp_path) == "/elsewhere"
