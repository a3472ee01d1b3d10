"""Ways to have a target's app running, as the settings or an exercise want it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from harness.hosting.inprocess import in_process
from harness.hosting.remote import remote
from harness.hosting.served import served
from harness.run.beside import counting_calls
from harness.run.loading import filled_environment
from harness.target.app import AppSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.environment.outside import Outside
    from harness.hosting.hosted import Hosted
    from harness.hosting.port import Port
    from harness.hosting.watching import Watch
    from harness.provisioning.stage import Scene
    from harness.recording.recorder import Recorder
    from harness.run.order import Order
    from harness.target.target import Target

    Host = Callable[[], AbstractAsyncContextManager[Hosted]]


def counted_host(
    host: Host,
    target: Target,
    beside: Outside | None,
    recorder: Recorder,
    *,
    most: int = -1,
) -> Host:
    """Return the same way to start an app, its calls of the provider counted.

    Args:
        host: Starts the app.
        target: The app.
        beside: What runs beside it; None if nothing does.
        recorder: Takes the count.
        most: Calls that a start may make with one key; -1 where nobody can tell
            them from those of requests, or the target does not say.
    """
    if beside is None:
        return host
    told = "".join(target.environment.values())
    expected = any(f"{{{name}}}" in told for name in beside.values)
    return counting_calls(host, beside, recorder, expected=expected, most=most)


def calls_of_a_start(target: Target, order: Order) -> int:
    """Return how often a start may call the provider with one key; -1 if no matter."""
    if target.provider_calls is None:
        return -1
    served_ones = order.settings.hosting == "served"
    return target.provider_calls * (order.settings.workers if served_ones else 1)


def usual_host(
    target: Target,
    order: Order,
    environment: Mapping[str, str],
    recorder: Recorder,
) -> Host:
    """Return what runs a target's app as the settings want it."""
    if target.url:
        return lambda: remote(target.url)
    spec = _app_spec(target, order, environment)
    settings = order.settings
    if settings.hosting == "served":
        return lambda: served(
            spec, recorder, workers=settings.workers, port=settings.port
        )
    return lambda: in_process(spec, recorder)


def host_at(port: Port, scene: Scene, order: Order) -> Host:
    """Return what serves a scene's app at a port that was reserved for it."""
    spec = _app_spec(scene.target, order, scene.environment)
    workers = order.settings.workers
    return counted_host(
        lambda: served(spec, scene.recorder, workers=workers, port=port),
        scene.target,
        scene.outside,
        scene.recorder,
    )


def _app_spec(target: Target, order: Order, environment: Mapping[str, str]) -> AppSpec:
    return AppSpec(
        app=target.app,
        environment=environment,
        directory=order.root,
        reimport=target.reimport,
        startup_timeout=target.startup_timeout,
        shutdown_timeout=target.shutdown_timeout,
    )


def spec_of(scene: Scene, order: Order, variables: Mapping[str, str]) -> AppSpec:
    """Return how a scene's app is started with further variables.

    Raises:
        TargetError: A template names something that is not known.
    """
    further = filled_environment(variables, scene.values)
    return _app_spec(scene.target, order, {**scene.environment, **further})


def watched_host(
    scene: Scene, order: Order, variables: Mapping[str, str]
) -> Callable[[Watch], AbstractAsyncContextManager[Hosted]]:
    """Return what serves a scene's app with further variables, and has it watched.

    Args:
        scene: The app, and how it is set up otherwise.
        order: What was asked for.
        variables: Templates, as in `Target.environment`.

    Raises:
        TargetError: A template names something that is not known.
    """
    spec = spec_of(scene, order, variables)
    workers, port = order.settings.workers, order.settings.port
    return lambda watch: served(
        spec, scene.recorder, workers=workers, port=port, watch=watch
    )
