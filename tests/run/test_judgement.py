"""All oracles together: what is one finding and what are two."""

from __future__ import annotations

from harness.model.event import Channel
from harness.model.history import History
from harness.run.judgement import check
from tests.checkers.histories import (
    LIST,
    READ,
    UPDATE,
    A,
    B,
    C,
    Reading,
    Story,
    body,
    error,
    header,
    hit,
    mixed,
    own,
)


def oracles(story: Story) -> list[tuple[str, str, str]]:
    """Return oracle, operation and channel of each finding, the worst first."""
    return [
        (one.oracle, one.operation, one.channel.value) for one in check(story.history())
    ]


def read_by(*others: int) -> Story:
    story = Story()
    story.control(A, READ, body(hit(A)))
    for other in others:
        story.probe(own(other), READ, body(hit(A)))
    return story


def test_nothing_happened_and_nothing_is_found() -> None:
    assert check(History()) == []


def test_what_an_access_explains_is_no_finding_of_its_own() -> None:
    assert oracles(read_by(B)) == [("access", READ, "body")]


def test_a_reading_is_the_finding_without_a_control_too() -> None:
    story = Story()
    story.probe(own(B), READ, body(hit(A)))

    assert oracles(story) == [("access", READ, "body")]


def test_without_an_access_the_canary_is_the_finding() -> None:
    story = Story()
    story.probe(own(B), READ, body(hit(C)))

    assert oracles(story) == [("canary", READ, "body")]


def test_the_same_leak_under_another_identity_is_another_finding() -> None:
    story = read_by(B)
    story.probe(mixed(B, A), LIST, body(hit(A)))
    story.probe(mixed(B, A), READ, error(hit(A)), status=403)

    assert oracles(story) == [
        ("access", LIST, "body"),
        ("access", READ, "body"),
        ("canary", READ, "error"),
    ]


def test_an_access_explains_its_own_operation_only() -> None:
    story = read_by(B)
    story.control(B, LIST, body(hit(A)))

    assert oracles(story) == [("canary", LIST, "body"), ("access", READ, "body")]


def test_what_came_out_of_another_channel_is_kept() -> None:
    story = read_by()
    probe = story.probe(own(B), READ, (*body(hit(A)), *header("etag", hit(A))))
    story.logs(probe, hit(A))

    channels = {one.channel for one in check(story.history())}

    assert channels == {Channel.BODY, Channel.HEADER, Channel.LOG}


def test_an_effect_explains_what_the_same_operation_answered() -> None:
    story = Story()
    gone = [(Reading(body(hit(A))), Reading(status=404))]
    story.probe(own(B), UPDATE, body(hit(A)), around=gone)

    assert oracles(story) == [("access", UPDATE, "body")]


def test_findings_of_all_oracles_come_worst_first() -> None:
    story = read_by(B, C)
    story.logs(story.control(A), slots={"tenant": A})
    line = story.control(B)
    story.logs(line, hit(A), slots={"tenant": None})

    findings = check(story.history())

    shown = [(one.oracle, one.severity.value, one.count) for one in findings]
    assert shown == [
        ("access", "critical", 2),
        ("canary", "major", 1),
        ("label", "minor", 1),
    ]
    assert len({one.fingerprint for one in findings}) == 3
