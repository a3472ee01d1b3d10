"""A recorder, and descriptions of the apps in `apps`."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.hosting.hosted import Hosted, Request
from harness.hosting.inprocess import in_process
from harness.hosting.served import served
from harness.model.canary import CanaryKey
from harness.model.event import LogLine
from harness.model.scanner import Scanner
from harness.recording.recorder import Recorder
from harness.target.app import AppSpec

Specify = Callable[..., AppSpec]


@pytest.fixture
def key() -> CanaryKey:
    return CanaryKey.from_seed(7)


@pytest.fixture
def recorder(key: CanaryKey) -> Recorder:
    return Recorder(Scanner(key))


@pytest.fixture
def specify() -> Specify:
    def make(app: str, **options: Any) -> AppSpec:
        directory = Path(__file__).parent
        return AppSpec(app=app, directory=directory, reimport=("apps",), **options)

    return make


@pytest.fixture(params=[in_process, served])
def host(
    request: pytest.FixtureRequest, specify: Specify, recorder: Recorder
) -> Callable[..., AbstractAsyncContextManager[Hosted]]:
    way: Callable[[AppSpec, Recorder], AbstractAsyncContextManager[Hosted]]
    way = request.param

    @asynccontextmanager
    async def run(app: str, **options: Any) -> AsyncIterator[Hosted]:
        async with way(specify(f"apps.{app}", **options), recorder) as hosted:
            yield hosted

    return run


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    for logger in logging.Logger.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False
    for name in [name for name in sys.modules if name.partition(".")[0] == "apps"]:
        del sys.modules[name]


@pytest.fixture
def get() -> Callable[[str], Request]:
    return lambda target: Request("GET", target, ((b"host", b"a.localhost"),))


@pytest.fixture
def lines(recorder: Recorder) -> Callable[[], list[LogLine]]:
    return lambda: [one for one in recorder.since() if isinstance(one, LogLine)]
