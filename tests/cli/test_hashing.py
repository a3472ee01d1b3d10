from __future__ import annotations

import subprocess
import sys

import pytest

from harness.cli.hashing import anew

HASHES = """
import os, sys
from harness.cli.hashing import start_anew
start_anew(int(sys.argv[1]), tuple(sys.orig_argv))
print(hash("a text"), sys.argv[1:], sys.stdin.read())
"""


def printed(environ: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", HASHES, *arguments],
        env=environ,
        input="typed",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_two_processes_of_one_seed_hash_alike_and_keep_arguments_and_input(
    environ: dict[str, str],
) -> None:
    environ.pop("PYTHONHASHSEED", None)

    first = printed(environ, "7", "--x", "a b")

    assert first.endswith("['7', '--x', 'a b'] typed\n")
    assert first == printed(environ, "7", "--x", "a b")
    assert first.split()[0] != printed(environ, "8").split()[0]


def test_a_hash_seed_that_the_user_chose_stays(environ: dict[str, str]) -> None:
    chosen = {**environ, "PYTHONHASHSEED": "5"}

    assert printed(chosen, "7").split()[0] == printed(chosen, "8").split()[0]


@pytest.mark.parametrize(("seed", "hashes"), [(0, "0"), (7, "7"), (2**32 + 3, "3")])
def test_any_seed_has_a_hash_seed_that_python_takes(seed: int, hashes: str) -> None:
    command, environ = anew(seed, ("python", "-m", "harness"), {"A": "b"})

    assert command == [sys.executable, "-m", "harness"]
    assert environ == {"A": "b", "PYTHONHASHSEED": hashes}
