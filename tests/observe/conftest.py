"""A recorder, and a logging module that is put back as it was."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from harness.model.canary import CanaryKey
from harness.model.scanner import Scanner
from harness.recording.recorder import Recorder


@pytest.fixture
def key() -> CanaryKey:
    return CanaryKey.from_seed(7)


@pytest.fixture
def recorder(key: CanaryKey) -> Recorder:
    return Recorder(Scanner(key), names={"acme": 0, "globex gmbh": 1, "7": 1})


@pytest.fixture(autouse=True)
def _fresh_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    for logger in logging.Logger.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False
    structlog.reset_defaults()
