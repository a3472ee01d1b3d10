"""Beacons: canaries that are supposed to come through the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.model.canary import FIELD_BEACON, NO_TENANT, CanaryKey
from harness.model.event import BeaconSent, Channel
from harness.observe.emitting import SOURCES, emit_beacon
from harness.recording.recorder import Recorder

MOST_WORKERS: Final = 16
"""Workers whose beacons can be told apart."""


@dataclass(frozen=True, slots=True)
class Beacon:
    """A canary of nobody's, to be put into one source of log lines.

    Attributes:
        source: One of `emitting.SOURCES`.
        owner: Index that its canary carries.
        text: The canary.
    """

    source: str
    owner: int
    text: str


def mint_beacons(key: CanaryKey, *, worker: int = 0) -> tuple[Beacon, ...]:
    """Mint a beacon for each source of one worker's log lines."""
    first = NO_TENANT - 1 - len(SOURCES) * (worker % MOST_WORKERS)
    owners = range(first, first - len(SOURCES), -1)
    return tuple(
        Beacon(source, owner, key.mint(owner, FIELD_BEACON))
        for source, owner in zip(SOURCES, owners, strict=True)
    )


def record_beacon(recorder: Recorder, beacon: Beacon, *, where: str = "") -> None:
    """Record that a beacon was sent.

    Args:
        where: Names the worker, if there are several.
    """
    source = f"{beacon.source} {where}".rstrip()
    recorder.add(BeaconSent("beacon", Channel.LOG, source, beacon.owner))


def send_beacons(recorder: Recorder, key: CanaryKey) -> None:
    """Put a beacon into each source of log lines of this process."""
    for beacon in mint_beacons(key):
        record_beacon(recorder, beacon)
        emit_beacon(beacon.source, beacon.text)
