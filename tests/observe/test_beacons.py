"""Beacons come out of a tapped log, and are missed when a source is not tapped."""

from __future__ import annotations

import logging
import logging.config
import sys

import pytest

from harness.model.canary import CanaryKey
from harness.model.event import BeaconSent, LogLine
from harness.observe.beacons import MOST_WORKERS, mint_beacons, send_beacons
from harness.observe.logs import tap
from harness.observe.reader import LogReader
from harness.recording.recorder import Recorder


def sent_and_seen(recorder: Recorder) -> tuple[dict[str, int], dict[str, set[int]]]:
    events = recorder.since()
    sent = {one.source: one.owner for one in events if isinstance(one, BeaconSent)}
    seen = {
        one.logger: {hit.owner for hit in one.hits if hit.field == 0}
        for one in events
        if isinstance(one, LogLine)
    }
    return sent, seen


def test_each_source_brings_its_own_beacon(
    recorder: Recorder, key: CanaryKey, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger().handlers.clear()
    with tap(LogReader(recorder)):
        send_beacons(recorder, key)

    sent, seen = sent_and_seen(recorder)
    assert sorted(sent) == ["harness.beacon", "stderr", "stdout"]
    assert seen == {source: {owner} for source, owner in sent.items()}
    assert capfd.readouterr() == ("", "")


def test_a_quiet_or_reconfigured_app_still_lets_beacons_through(
    recorder: Recorder, key: CanaryKey
) -> None:
    with tap(LogReader(recorder)):
        send_beacons(recorder, key)
        logging.config.dictConfig({"version": 1, "root": {"level": "CRITICAL"}})
        mark = recorder.mark
        send_beacons(recorder, key)

    again = [one for one in recorder.since(mark) if isinstance(one, LogLine)]
    assert [line.logger for line in again] == ["harness.beacon", "stdout", "stderr"]


def test_logging_that_is_off_is_noticed(recorder: Recorder, key: CanaryKey) -> None:
    with tap(LogReader(recorder)):
        logging.disable(logging.CRITICAL)
        send_beacons(recorder, key)
        logging.disable(logging.NOTSET)

    sent, seen = sent_and_seen(recorder)
    assert "harness.beacon" in sent
    assert "harness.beacon" not in seen


def test_a_stream_that_bypasses_the_tap_is_noticed(
    recorder: Recorder, key: CanaryKey
) -> None:
    with tap(LogReader(recorder)):
        sys.stderr = sys.__stderr__
        send_beacons(recorder, key)

    _, seen = sent_and_seen(recorder)
    assert "stderr" not in seen
    assert "stdout" in seen


def test_no_two_workers_share_a_beacon(key: CanaryKey) -> None:
    owners = [
        beacon.owner
        for worker in range(MOST_WORKERS)
        for beacon in mint_beacons(key, worker=worker)
    ]

    assert len(set(owners)) == 3 * MOST_WORKERS
    assert min(owners) >= 2**17 - 64
