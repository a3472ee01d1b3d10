"""The log tap reads structlog's lines, printed or passed to the logging module."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest
import structlog

from harness.model.canary import CanaryKey
from harness.model.event import LogLine
from harness.observe.logs import tap
from harness.observe.reader import LogReader
from harness.recording.recorder import Recorder


def only(recorder: Recorder) -> LogLine:
    (line,) = [event for event in recorder.since() if isinstance(event, LogLine)]
    return line


@pytest.mark.parametrize(
    "renderer",
    [
        structlog.processors.JSONRenderer(),
        structlog.processors.LogfmtRenderer(),
        structlog.processors.KeyValueRenderer(),
        structlog.dev.ConsoleRenderer(colors=True),
        structlog.dev.ConsoleRenderer(colors=False),
    ],
)
@pytest.mark.parametrize(
    "factory",
    [structlog.PrintLoggerFactory, structlog.WriteLoggerFactory],
)
def test_printed_lines_keep_their_keys(
    recorder: Recorder, key: CanaryKey, renderer: Any, factory: Any
) -> None:
    with tap(LogReader(recorder)):
        structlog.configure(
            processors=[structlog.contextvars.merge_contextvars, renderer],
            logger_factory=factory(),
        )
        with structlog.contextvars.bound_contextvars(tenant="acme"):
            structlog.get_logger().info("sold", what=key.mint(1, 30))

    line = only(recorder)
    assert line.logger == "stdout"
    assert dict(line.slots)["tenant"] == 0
    assert [(hit.owner, hit.field) for hit in line.hits] == [(1, 30)]


def test_lines_printed_as_bytes_are_seen(recorder: Recorder) -> None:
    with tap(LogReader(recorder)):
        structlog.configure(
            processors=[
                structlog.processors.JSONRenderer(serializer=_dumps),
            ],
            logger_factory=structlog.BytesLoggerFactory(),
        )
        structlog.get_logger().info("sold", tenant="acme")

    assert dict(only(recorder).slots)["tenant"] == 0


def _dumps(value: Any, **_: Any) -> bytes:
    import json

    return json.dumps(value).encode()


def test_json_passed_to_the_logging_module_is_read(recorder: Recorder) -> None:
    with tap(LogReader(recorder)):
        logging.basicConfig(format="%(message)s", stream=sys.stdout, force=True)
        structlog.configure(
            processors=[
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.processors.JSONRenderer(),
            ],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
        )
        structlog.get_logger("shop").warning("sold", tenant="acme")

    line = only(recorder)
    assert (line.logger, line.template) == ("shop", "sold")
    assert dict(line.slots) == {"tenant": 0, "event": None, "timestamp": None}


def test_the_processor_formatter_counts_once_and_keeps_its_keys(
    recorder: Recorder,
) -> None:
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ]
    )
    with tap(LogReader(recorder)):
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(formatter)
        logging.getLogger().handlers[:] = [handler]
        structlog.configure(
            processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
        )
        structlog.get_logger("shop").warning("sold", tenant="globex gmbh")

    line = only(recorder)
    assert (line.logger, line.template) == ("shop", "sold")
    assert dict(line.slots) == {"tenant": 1, "event": None}
