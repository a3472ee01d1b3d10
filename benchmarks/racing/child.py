"""Looks for one planted race in one way, in a process and a Python of its own."""

from __future__ import annotations

import gc
import importlib.util
import json
import logging
import os
import sys
import warnings
from collections.abc import Sequence

from benchmarks.racing.catalogue import catalogue
from benchmarks.racing.races import AtOnce
from benchmarks.racing.ways import Search, ways


def main(arguments: Sequence[str]) -> None:
    """Print a line of JSON for each seed; one that says so if the tool is absent."""
    way, name, seconds, seeds = arguments
    if way not in {"gather", "harness"} and importlib.util.find_spec(way) is None:
        print(json.dumps({"absent": True}))
        return
    warnings.simplefilter("ignore")
    logging.disable()
    try:
        program = catalogue()[name]()
    except ModuleNotFoundError:
        print(json.dumps({"absent": True}))
        return
    # What is imported on first use is no part of a search.
    ways()[way](Search(AtOnce, "", seconds=1.0, seed=0))
    # Some collect garbage before each run: let them not look at what was imported.
    gc.collect()
    gc.freeze()
    for seed in range(int(seeds)):
        search = Search(program, os.environ.get("RACES_DSN", ""), float(seconds), seed)
        try:
            ways()[way](search)
        except Exception as error:  # noqa: BLE001 - what a tool cannot do is a result
            search.note = search.note or f"{type(error).__name__}: {error}"
        shown = {
            "runs": search.runs,
            "found": search.found,
            "took": search.took,
            "note": search.note.partition("\n")[0][:200],
        }
        print(json.dumps(shown), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
