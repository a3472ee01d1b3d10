"""All benchmarks, one after the other: ``python -m benchmarks``."""

from __future__ import annotations

from benchmarks import hosting, scanning


def main() -> None:
    """Run each benchmark with its defaults."""
    for title, benchmark in (("scanning", scanning), ("hosting", hosting)):
        print(f"## {title}", flush=True)
        benchmark.main([])
        print(flush=True)


if __name__ == "__main__":
    main()
