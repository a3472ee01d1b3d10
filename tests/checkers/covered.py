"""A run that saw all of an app, to take something away from."""

from __future__ import annotations

from harness.checkers.coverage import coverage
from harness.model.coverage import Coverage, Gap
from harness.model.event import Channel
from tests.checkers.histories import (
    CREATE,
    LIST,
    TITLE,
    A,
    B,
    Story,
    body,
    error,
    hit,
    mixed,
)


def seen(story: Story, *, channels: tuple[Channel, ...] | None = None) -> Coverage:
    if channels is None:
        return coverage(story.history())
    return coverage(story.history(), channels=channels)


def gaps(story: Story, what: str) -> list[Gap]:
    """Return the gaps of one thing."""
    return [gap for gap in seen(story).gaps if gap.what == what]


def covered(*, without: str = "") -> Story:
    """Tell of a run that saw all of an app with two operations.

    Args:
        without: What to leave out: "beacon", "lines", or nothing.
    """
    story = Story()
    story.declares(CREATE)
    story.declares(LIST)
    story.sends_beacon()
    if without != "beacon":
        story.beacon_arrives()
    for tenant in (A, B):
        echo = body(hit(tenant))
        request = story.control(tenant, CREATE, echo, sent=[(tenant, TITLE)])
        if without != "lines":
            story.logs(request)
        story.posts(tenant, request, hit(tenant))
        story.control(tenant, LIST, body(hit(tenant)))
    for operation in (CREATE, LIST):
        story.probe(mixed(B, A), operation, error(hit(B)), status=403)
    return story
