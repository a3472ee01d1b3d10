"""The log tap disturbs nobody, and leaves everything as it was."""

from __future__ import annotations

import logging
import logging.config
import logging.handlers
import sys
from typing import Any

import pytest

from harness.model.event import LogLine, Unseen
from harness.observe.logs import tap
from harness.observe.reader import LogReader
from harness.recording.recorder import Recorder


def lines(recorder: Recorder) -> list[LogLine]:
    events = recorder.since()
    assert not [event for event in events if isinstance(event, Unseen)]
    return [event for event in events if isinstance(event, LogLine)]


def test_all_is_as_it_was_afterwards(recorder: Recorder) -> None:
    places: list[tuple[Any, str]] = [
        (sys, "stdout"),
        (sys, "stderr"),
        (logging.Logger, "callHandlers"),
        (logging.Handler, "handle"),
        (logging.Handler, "format"),
    ]
    before = [getattr(place, name) for place, name in places]
    with tap(LogReader(recorder)):
        assert all(
            getattr(place, name) is not old
            for (place, name), old in zip(places, before, strict=True)
        )

    after = [getattr(place, name) for place, name in places]
    assert after == before
    logging.getLogger("x").error("later")
    assert not lines(recorder)


def test_what_outlives_the_tap_prints_as_if_there_had_been_none(
    recorder: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = logging.getLogger("old")
    logger.propagate = False
    with tap(LogReader(recorder)):
        handler = logging.StreamHandler(sys.stdout)
        logger.addHandler(handler)
    logger.error("shown")
    with tap(LogReader(recorder)):
        logger.error("seen by the next tap")

    logger.removeHandler(handler)
    logger.propagate = True
    assert capsys.readouterr().out == "shown\n"
    assert [line.template for line in lines(recorder)] == ["seen by the next tap"]


def test_a_patch_on_top_of_the_tap_outlives_it(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    with tap(LogReader(recorder)):
        inner = logging.Logger.callHandlers

        def outer(logger: logging.Logger, record: logging.LogRecord) -> None:
            seen.append(record.msg)
            inner(logger, record)

        monkeypatch.setattr(logging.Logger, "callHandlers", outer)
        logging.getLogger("x").error("one")
    logging.getLogger("x").error("two")

    assert seen == ["one", "two"]
    assert [line.template for line in lines(recorder)] == ["one"]


class Hostile:
    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


def test_objects_that_raise_disturb_nobody(recorder: Recorder) -> None:
    logging.getLogger().handlers.clear()
    with tap(LogReader(recorder)):
        logging.getLogger("x").warning("%s", Hostile())
        logging.getLogger("x").warning("%d %d", 1)  # noqa: PLE1206 - wrong
        logging.getLogger("x").warning(Hostile())
        logging.getLogger("x").warning("fine", extra={"a": Hostile(), "b": [Hostile()]})

    assert [line.logger for line in lines(recorder)] == ["x"] * 4


def test_a_sink_that_fails_or_prints_disturbs_nobody(recorder: Recorder) -> None:
    seen = []

    def sink(line: Any) -> None:
        seen.append(line.message)
        print("from the sink")
        logging.getLogger("sink").error("from the sink")
        raise RuntimeError("no")

    with tap(sink):
        print("one")
        logging.getLogger("x").error("two")

    assert seen == ["one", "two"]


def test_a_line_that_cannot_be_judged_makes_the_run_inconclusive(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: str) -> Any:
        raise RuntimeError("no scanner")

    monkeypatch.setattr(type(recorder.scanner), "scan_text", lambda *_: broken(""))
    with tap(LogReader(recorder)):
        logging.getLogger("x").error("one")

    (event,) = recorder.since()
    assert isinstance(event, Unseen)
    assert event.step == "read a log line of x"
