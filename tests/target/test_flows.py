"""Sockets, the page of metrics, and what an answer is said to come through."""

from __future__ import annotations

from typing import Any

import pytest

import harness
from harness.errors import TargetError
from harness.model.event import Channel
from harness.target.media import is_file
from harness.target.operation import Operation, metrics_operation, socket_operation
from harness.target.socket import Socket, with_token
from harness.target.target import Target
from harness.target.tools import Tools

WORD: Any = "hello"


async def provision(tools: Tools, tenant: harness.Tenant) -> None: ...


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"sockets": "/socket"}, "a tuple of sockets"),
        ({"sockets": ("/socket",)}, "no Socket"),
        ({"sockets": (Socket("socket"),)}, "The path of a socket"),
        ({"sockets": (Socket("/a/{id"),)}, "stray braces"),
        ({"sockets": (Socket("/a"), Socket("/a"))}, "twice"),
        ({"sockets": (Socket("/a", sends=WORD),)}, "a tuple of messages"),
        ({"metrics": None}, "a string"),
        ({"metrics": "metrics"}, "Target.metrics"),
        ({"metrics_headers": {"authorization": None}}, "metrics_headers"),
    ],
)
def test_what_cannot_work_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(TargetError, match=told):
        Target(app="a:b", provision=provision, **fields)


def test_a_pattern_can_name_a_socket() -> None:
    made = Target(
        app="a:b",
        provision=provision,
        sockets=(Socket("/socket"),),
        skip=("WEBSOCKET /socket",),
    )

    assert made.skips("WEBSOCKET", "/socket")


def test_a_socket_is_an_operation_that_changes_something_if_it_says_something() -> None:
    silent = socket_operation(Socket("/rooms/{room_id}"))
    speaks = socket_operation(Socket("/rooms/{room_id}", sends=({"say": "hi"},)))

    assert (silent.key, silent.parameters) == (
        "WEBSOCKET /rooms/{room_id}",
        ("room_id",),
    )
    assert (silent.mutates, speaks.mutates) == (False, True)
    assert silent.channel is Channel.SOCKET


def test_a_credential_goes_with_the_headers_unless_something_else_names_it() -> None:
    assert Socket("/a", query={"v": "1"}, first={"hello": 1}).by_header
    assert not Socket("/a", query={"token": "{token}"}).by_header
    assert not Socket("/a", first=["auth", {"token": "Bearer {token}"}]).by_header
    assert with_token({"a": ["{token}", 1]}, "x") == {"a": ["x", 1]}


@pytest.mark.parametrize(
    ("types", "channel"),
    [
        (["application/json"], Channel.BODY),
        ([], Channel.BODY),
        (["text/event-stream"], Channel.STREAM),
        (["application/json", "text/event-stream"], Channel.STREAM),
        (["text/csv"], Channel.FILE),
        (["text/csv", "application/json"], Channel.BODY),
    ],
)
def test_the_document_says_what_a_success_comes_through(
    types: list[str], channel: Channel
) -> None:
    content: dict[str, Any] = {kind: {} for kind in types}
    failure: dict[str, Any] = {"content": {"text/event-stream": {}}}
    responses = {"200": {"content": content}, "400": failure}
    operation = Operation(method="GET", path="/a", schema={"responses": responses})

    assert operation.channel is channel


def test_the_page_of_metrics_is_for_the_operator() -> None:
    page = metrics_operation("/metrics", {"Authorization": "Bearer x"})

    assert (page.key, page.channel) == ("GET /metrics", Channel.METRIC)
    assert page.scraped == (("authorization", "Bearer x"),)
    assert "Bearer" not in repr(page)


@pytest.mark.parametrize(
    ("content_type", "disposition", "file"),
    [
        ("application/json", "", False),
        ("text/plain; charset=utf-8", "inline", False),
        ("application/json", 'Attachment; filename="a.json"', True),
        ("Text/CSV; header=present", "", True),
        ("image/png", "", True),
        ("application/vnd.openxmlformats-officedocument.x", "", True),
        ("", "", False),
    ],
)
def test_what_is_to_be_kept_is_a_file(
    content_type: str, disposition: str, file: bool
) -> None:
    assert is_file(content_type, disposition) is file
