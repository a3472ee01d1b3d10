"""The log tap sees what an app prints, and cuts it into lines."""

from __future__ import annotations

import io
import sys
import threading
import traceback

import pytest

from harness.model.event import LogLine, Unseen
from harness.observe.logs import tap
from harness.observe.reader import LogReader
from harness.recording.recorder import Recorder


def lines(recorder: Recorder) -> list[LogLine]:
    events = recorder.since()
    assert not [event for event in events if isinstance(event, Unseen)]
    return [event for event in events if isinstance(event, LogLine)]


def only(recorder: Recorder) -> LogLine:
    (line,) = lines(recorder)
    return line


def test_a_print_is_one_line_however_many_pieces_and_breaks(
    recorder: Recorder,
) -> None:
    with tap(LogReader(recorder)):
        print("a", "b\nc", 1, sep="-")
        sys.stdout.write("no break ")
        sys.stdout.write("at the end")
        print(file=sys.stderr)

    texts = [(line.logger, line.template) for line in lines(recorder)]
    assert texts == [("stdout", "a-b\nc-1"), ("stdout", "no break at the end")]


def test_threads_do_not_mix_their_prints(recorder: Recorder) -> None:
    begun, ended = threading.Event(), threading.Event()

    def other() -> None:
        assert begun.wait(60)
        print("other")
        ended.set()

    with tap(LogReader(recorder)):
        thread = threading.Thread(target=other)
        thread.start()
        sys.stdout.write("one ")
        begun.set()
        assert ended.wait(60)
        print("line")
        thread.join()

    assert [line.template for line in lines(recorder)] == ["other", "one line"]


def test_a_printed_object_in_json_is_read(recorder: Recorder) -> None:
    with tap(LogReader(recorder)):
        print('{"event": "sold", "tenant": "acme", "n": 1}')

    line = only(recorder)
    assert (line.template, dict(line.slots)["tenant"]) == ("sold", 0)


def test_a_wrapper_around_the_buffer_is_seen(recorder: Recorder) -> None:
    with tap(LogReader(recorder)):
        wrapper = io.TextIOWrapper(sys.stdout.buffer, line_buffering=True)
        wrapper.write("wrapped\n")
        wrapper.close()
        print("still open")

    assert [line.template for line in lines(recorder)] == ["wrapped", "still open"]


def test_nothing_is_shown_unless_asked(
    recorder: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    with tap(LogReader(recorder)):
        print("hidden")
    with tap(LogReader(recorder), echo=True):
        print("shown")

    assert capsys.readouterr().out == "shown\n"


def test_lines_come_while_an_error_is_printed_by_hand(recorder: Recorder) -> None:
    with tap(LogReader(recorder)):
        try:
            raise ValueError("by hand")
        except ValueError:
            traceback.print_exc()

    assert any("by hand" in line.template for line in lines(recorder))
    assert {line.logger for line in lines(recorder)} == {"stderr"}
