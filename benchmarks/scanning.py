"""What scanning a body for canaries costs, and whether chance fools it.

    python benchmarks/scanning.py [--gigabytes 1]

The first part times the passes on 4 KB bodies, and the search of log lines for
tenants' names, taking turns so that a change of the machine's speed meets all alike.
The second, asked for by `--gigabytes`, scans that much random base32-like text and
counts what was taken for a canary.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import random
import statistics
import time
import uuid
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final

from harness.model.canary import FIRST_PLANTED_FIELD, PREFIX, CanaryKey
from harness.model.scanner import Scanner
from harness.recording.names import Names

BODY: Final = 4096
ROUNDS: Final = 40
CALLS: Final = 500
TENANTS: Final = 200
FIELDS: Final = 10
PIECE: Final = 2**20
BASE32: Final = b"abcdefghijklmnopqrstuvwxyz234567"
SENTENCE: Final = (
    "the quarter closed with zero open exceptions so finance may export records "
    "and review each request before next week quickly fixing what auditors asked"
)


def body(rng: random.Random, marks: list[str]) -> bytes:
    """A list of documents as an API would answer it, 4 KB, with marks in titles."""
    words = SENTENCE.split()
    documents: list[dict[str, object]] = []
    size = 0
    while size < BODY - 300:
        title = " ".join(rng.choices(words, k=8))
        documents.append(
            {
                "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
                "number": len(documents) + 1,
                "title": title,
                "author": f"{rng.choice(words)}@example.test",
                "created_at": f"2025-11-22T01:45:{rng.randrange(60):02d}.123456+00:00",
                "expires": 1_763_775_000 + rng.randrange(10**6),
                "tags": rng.choices(words, k=2),
            }
        )
        size = len(json.dumps({"items": documents}))
    for number, mark in enumerate(marks):
        documents[number % len(documents)][f"note{number}"] = mark
    return json.dumps({"items": documents, "padding": ""}).encode().ljust(BODY)


def timed(cases: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median microseconds per call of each case, in alternation."""
    samples: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, call in cases.items():
            start = time.perf_counter()
            for _ in range(CALLS):
                call()
            elapsed = time.perf_counter() - start
            samples[name].append(elapsed / CALLS * 1e6)
    return {name: statistics.median(values) for name, values in samples.items()}


def speed(key: CanaryKey, scanner: Scanner) -> None:
    """Print what each pass costs on each body."""
    rng = random.Random(1)
    marks = [key.mint(3, FIRST_PLANTED_FIELD + n % FIELDS) for n in range(20)]
    bare = body(rng, [])
    encoded = [base64.b64encode(mark.encode()).decode() for mark in marks]
    bodies = {
        "no hit": (bare, ""),
        "20 hits": (body(rng, marks), ""),
        "20 hits in base64": (body(rng, encoded), ""),
        "no hit, gzip": (gzip.compress(bare), "gzip"),
    }
    cases: dict[str, Callable[[], object]] = {}
    for name, (data, coding) in bodies.items():
        cases[f"{name}: literal"] = partial(scanner.literal, data)
        cases[f"{name}: all encodings"] = partial(scanner.scan, data, coding)
    print(f"{'4 KB JSON body':<36}{'µs':>8}")
    for name, median in timed(cases).items():
        print(f"{name:<36}{median:>8.2f}")


def naming(key: CanaryKey) -> None:
    """Print what it costs to see whom a log line names."""
    cases: dict[str, Callable[[], object]] = {}
    for tenants in (20, 10_000):
        names = Names()
        for tenant in range(tenants):
            slug = key.mint(tenant, FIRST_PLANTED_FIELD)
            for name in (slug, f"{slug}.example.com", f"tenant-{tenant}"):
                names.learn(name, tenant)
        line = f"GET /documents?page=2 200 OK tenant={slug} in 12 ms; {SENTENCE}"
        cases[f"{tenants:,} tenants"] = partial(names.named_in, line)
    print(f"\n{f'names in a line of {len(line)}':<36}{'µs':>8}")
    for name, median in timed(cases).items():
        print(f"{name:<36}{median:>8.2f}")


def study(scanner: Scanner, gigabytes: float) -> int:
    """Scan random text; print what was found. Returns hits at full confidence."""
    rng = random.Random(2)
    table = bytes(BASE32[byte % 32] for byte in range(256))
    pieces = round(gigabytes * 10**9 / PIECE)
    hits: Counter[str] = Counter()
    prefixes = proven = 0
    scanning = 0.0
    started = time.perf_counter()
    for _ in range(pieces):
        text = rng.randbytes(PIECE).translate(table)
        prefixes += text.count(PREFIX.encode())
        before = time.perf_counter()
        found = scanner.scan(text)
        scanning += time.perf_counter() - before
        hits.update(hit.form for hit in found)
        proven += sum(hit.rate < 2**-30 for hit in found)
    total = time.perf_counter() - started
    print(
        f"\n{pieces * PIECE / 1e9:.3f} GB of base32-like text, {prefixes} prefixes: "
        f"{proven} hits at full confidence, others {dict(hits)}; "
        f"{total:.1f} s, of which {scanning:.1f} s scanning"
    )
    return proven


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; 1 if chance fooled the scanner."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=0.0)
    options = parser.parse_args(arguments)
    key = CanaryKey.from_seed(1)
    planted = [
        (tenant, FIRST_PLANTED_FIELD + field)
        for tenant in range(TENANTS)
        for field in range(FIELDS)
    ]
    scanner = Scanner(key, planted)
    speed(key, scanner)
    naming(key)
    if options.gigabytes:
        return int(study(scanner, options.gigabytes) > 0)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
