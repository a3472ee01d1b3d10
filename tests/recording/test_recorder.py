"""The recorder: events in the order in which they happen."""

from __future__ import annotations

import threading

from harness.model.canary import CanaryKey
from harness.model.event import Note
from harness.model.scanner import Scanner
from harness.recording.recorder import Recorder


def a_recorder() -> Recorder:
    return Recorder(Scanner(CanaryKey.from_seed(7)), names={"acme": 0})


def note(text: object) -> Note:
    return Note("note", str(text))


def test_events_come_back_in_the_order_in_which_they_came() -> None:
    recorder = a_recorder()
    recorder.add(note(1))
    mark = recorder.mark
    recorder.add(note(2))
    recorder.add(note(3))

    assert recorder.since() == (note(1), note(2), note(3))
    assert recorder.since(mark) == (note(2), note(3))


def test_a_rehearsal_is_forgotten_and_what_was_before_is_not() -> None:
    recorder = a_recorder()
    recorder.add(note("kept"))
    mark = recorder.mark
    recorder.add(note("rehearsed"))

    recorder.forget(mark)
    recorder.add(note("after"))

    assert recorder.since() == (note("kept"), note("after"))


def test_what_was_handed_out_does_not_change_later() -> None:
    recorder = a_recorder()
    recorder.add(note(1))
    handed_out = recorder.since()

    recorder.add(note(2))
    recorder.forget(0)

    assert handed_out == (note(1),)


def test_no_event_and_no_number_is_lost_or_given_twice_between_threads() -> None:
    recorder = a_recorder()
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        for _ in range(500):
            recorder.add(note(recorder.next_exchange()))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    texts = [one.text for one in recorder.since() if isinstance(one, Note)]
    assert sorted(map(int, texts)) == list(range(1, 2001))


def test_names_are_learnt_in_lower_case_and_the_last_word_counts() -> None:
    recorder = a_recorder()

    recorder.learn("Globex GmbH", 1)
    recorder.learn("ACME", 2)

    assert dict(recorder.names) == {"globex gmbh": 1, "acme": 2}


def test_time_does_not_run_backwards() -> None:
    recorder = a_recorder()
    readings = [recorder.now() for _ in range(100)]

    assert readings == sorted(readings)
    assert readings[0] >= 0
