"""Run as a program: prints what happened in one schedule, for another process.

python -m tests.scheduling.replay_child DSN SCENARIO SEED
"""

from __future__ import annotations

import hashlib
import sys

from harness.observe.gates.all import gated
from harness.scheduling.locks import locks_seen
from tests.scheduling.apps import cold_start, contended
from tests.scheduling.ground import Seeded, play


def main(dsn: str, name: str, seed: int) -> None:
    scenarios = {
        "cold start": cold_start(dsn, suspends=True),
        "contended row": contended(dsn),
        "cancelled": contended(dsn, leaving=True),
    }
    with gated(), locks_seen(dsn) as locks:
        played = play(scenarios[name], Seeded(seed), locks=locks)
    text = repr((played.story, played.ran.ending, played.ran.uncontrolled))
    print(len(played.ran.trace), hashlib.sha256(text.encode()).hexdigest())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
