"""Hooks: what happens in Locust's processes before and after users ask."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import gevent
import locust
from gevent.lock import Semaphore
from locust.runners import MasterRunner, WorkerRunner

from harness.errors import HarnessError
from harness.swarm.crew.gathering import Crew, world_named_in
from harness.swarm.crew.mix import UNIFORM, ZIPF, Mix, uniform, zipf
from harness.swarm.variables import JOURNALS, SHARED

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from locust.env import Environment

BEAT: Final = 0.5
"""Seconds between two signs of life."""
_LEAK: Final = "harness-leak"
_CREW: Final = "harness_crew"
_SCOUT: Final = "harness_scout"


def crew_of(environment: Environment) -> Crew:
    """Return what the users of this process share."""
    crew: Crew = getattr(environment, _CREW)
    return crew


def scouting(environment: Environment) -> Semaphore:
    """Return what a user of this process holds while it asks for all of them."""
    turn: Semaphore = getattr(environment, _SCOUT)
    return turn


def users_of(environment: Environment) -> int:
    """Return how many users this process simulates now."""
    return environment.runner.user_count if environment.runner else 0


def tell_of_leak(environment: Environment) -> None:
    """Let Locust end with 1, also where another process decides on that."""
    if environment.process_exit_code == 1:
        return
    environment.process_exit_code = 1
    if isinstance(environment.runner, WorkerRunner):
        environment.runner.send_message(_LEAK)


def register(events: locust.event.Events) -> None:
    """Have Locust call the hooks below."""
    events.init_command_line_parser.add_listener(_add_options)
    events.init.add_listener(_begin)
    events.test_start.add_listener(_start)
    events.quitting.add_listener(_end)


def _add_options(parser: ArgumentParser, **_: Any) -> None:
    group = parser.add_argument_group("Tenants")
    group.add_argument(
        "--mix",
        choices=(UNIFORM, ZIPF),
        default=UNIFORM,
        help="How users spread over tenants.",
    )
    group.add_argument(
        "--zipf-exponent",
        type=float,
        default=1.0,
        help="With --mix zipf: the k-th tenant has 1/k^exponent of the first's users.",
    )


def _begin(environment: Environment, **_: Any) -> None:
    """Gather the crew of this process, or listen to those of the others."""
    runner = environment.runner
    try:
        world = world_named_in(os.environ)
    except HarnessError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)
    if not environment.host:
        environment.host = world.url
    if isinstance(runner, MasterRunner):

        def leak(**_: Any) -> None:
            environment.process_exit_code = 1

        runner.register_message(_LEAK, leak)
        if JOURNALS in os.environ:
            Path(os.environ[JOURNALS], SHARED).touch()
    else:
        setattr(environment, _CREW, Crew.gather(world, os.environ))
        setattr(environment, _SCOUT, Semaphore())
    # Locust's next step is to set the timer that ends the run. Timers count from when
    # the loop last looked at the clock, which was before all this was imported.
    gevent.get_hub().loop.update_now()


def _start(environment: Environment, **_: Any) -> None:
    """Say who deals out which tenants, and give signs of life from now on."""
    if isinstance(environment.runner, MasterRunner):
        return
    crew, options = crew_of(environment), environment.parsed_options
    tenants = len(crew.world.tenants)
    shares = uniform(tenants)
    if options is not None and options.mix == ZIPF:
        shares = zipf(tenants, exponent=options.zipf_exponent)
    number = max(0, getattr(environment.runner, "worker_index", 0))
    workers = getattr(options, "processes", None) or 1
    crew.deal(Mix(shares, worker=number, workers=workers), number=number)
    gevent.spawn(_beat, environment, crew)


def _beat(environment: Environment, crew: Crew) -> None:
    while True:
        crew.beat(users_of(environment))
        gevent.sleep(BEAT)


def _end(environment: Environment, **_: Any) -> None:
    crew: Crew | None = getattr(environment, _CREW, None)
    if crew is not None:
        crew.end()
