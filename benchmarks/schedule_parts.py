"""What one schedule of the reference app costs, and what of that its parts do.

    python -m benchmarks schedule_parts [--rounds 15]

First requests to one cold tenant, on real Postgres. Parts take turns within each
round: setting the rows back, building the app, and a schedule as a whole, which does
both and runs. What is left of the whole is the run: start-up, requests and shutdown.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.exploring.grounds import Inputs
from harness.exploring.schedules import Schedules
from harness.hosting.loading import load
from harness.hosting.surroundings import surroundings
from harness.model.progress import silent
from harness.races.shelf import find_scenarios
from harness.run.grounds import open_venue
from harness.run.loading import load_target
from harness.run.order import Order
from harness.scheduling.choice import FirstCome
from harness.settings import Settings

if TYPE_CHECKING:
    from harness.exploring.grounds import Grounds

TARGET: Final = "reference_app.target:target"
SCENARIO: Final = "cold_stampede"
TENANTS: Final = 2
ROUNDS: Final = 15

Samples = defaultdict[str, list[tuple[float, float]]]


def main(arguments: Sequence[str]) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args(arguments).rounds
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as runs:
        settings = Settings(target=TARGET, tenants=TENANTS, runs=Path(runs))
        order = Order(settings, "", root, silent)
        with (
            open_venue(load_target(TARGET, root=root), order) as venue,
            venue.grounds(settings.seed) as grounds,
        ):
            samples = measured(grounds, rounds)
    whole, reset, build = (medians(samples[name]) for name in ("whole", "reset", "app"))
    run = (whole[0] - reset[0] - build[0], whole[1] - reset[1] - build[1])
    print("| part | ms | of that, processor |")
    print("| --- | ---: | ---: |")
    for name, (wall, processor) in (
        ("setting the rows back", reset),
        ("building the app", build),
        ("the run", run),
        ("a schedule", whole),
    ):
        print(f"| {name} | {wall:.1f} | {processor:.1f} |", flush=True)


def measured(grounds: Grounds, rounds: int) -> Samples:
    """Take all parts in turns; the first round counts for nothing."""
    schedules, spec = Schedules(grounds), grounds.specs[""]
    scenario = find_scenarios([SCENARIO])[0]
    inputs = Inputs(tuple(range(TENANTS)))

    def reset() -> None:
        grounds.outer(grounds.state.restore())

    def app() -> None:
        with surroundings(spec):
            load(spec)

    def whole() -> None:
        played = schedules.play(scenario, inputs, FirstCome(), strategy="first come")
        grounds.scene.recorder.forget(played.mark)

    samples: Samples = defaultdict(list)
    for number in range(rounds + 1):
        for part in (reset, app, whole):
            took = timed(part)
            if number:
                samples[part.__name__].append(took)
    return samples


def timed(part: Callable[[], None]) -> tuple[float, float]:
    """Return how many seconds something takes, and how many of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    part()
    return time.perf_counter() - wall, time.process_time() - processor


def medians(took: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the medians in milliseconds."""
    walls, processors = zip(*took, strict=True)
    return 1000 * statistics.median(walls), 1000 * statistics.median(processors)


if __name__ == "__main__":
    main([])
