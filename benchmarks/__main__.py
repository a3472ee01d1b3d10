"""All benchmarks, one after the other: ``python -m benchmarks``."""

from __future__ import annotations

from benchmarks import environment, hosting, scanning, storages


def main() -> None:
    """Run each benchmark with its defaults."""
    for title, benchmark in (
        ("scanning", scanning),
        ("hosting", hosting),
        ("environment", environment),
        ("storages", storages),
    ):
        print(f"## {title}", flush=True)
        benchmark.main([])
        print(flush=True)


if __name__ == "__main__":
    main()
