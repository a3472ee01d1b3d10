"""Requests of the Messages API: what they ask, and whether they are well formed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.environment.inbound import Inbound
from harness.environment.provider_stub.tool_use import ToolUse, chosen_tool
from harness.model.compression import open_body

CHARACTERS = 4
"""About so many make a token."""


class Malformed(Exception):
    """The request is not one of the Messages API; the message says why."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request for a message.

    Attributes:
        model: Name of the model.
        max_tokens: Most tokens of the answer.
        stream: Whether the answer is to come in events.
        tool: The tool that the model uses; None if it answers in words.
        last: Text of the last turn of the user.
        tokens: About how many tokens all that was sent takes.
    """

    model: str
    max_tokens: int
    stream: bool
    tool: ToolUse | None
    last: str
    tokens: int


def parse(request: Inbound, *, bounded: bool = True, tools: bool = True) -> Prompt:
    """Read a request for a message.

    Args:
        request: As it came.
        bounded: Whether it must say how long the answer may be.
        tools: Whether the model uses tools where it is free to.

    Raises:
        Malformed: The provider would refuse it.
    """
    body = _body(request)
    model, most = body.get("model"), body.get("max_tokens", 1)
    if not isinstance(model, str) or not model:
        raise Malformed("model: Field required")
    if bounded and "max_tokens" not in body:
        raise Malformed("max_tokens: Field required")
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise Malformed("max_tokens: Input should be greater than or equal to 1")
    turns = body.get("messages")
    if not isinstance(turns, list) or not turns:
        raise Malformed("messages: at least one message is required")
    for place, turn in enumerate(turns):
        _check_turn(turn, place)
    asked = [turn for turn in turns if turn["role"] == "user"]
    told = [body.get("system", ""), turns, body.get("tools", "")]
    size = sum(len(text) for text in _texts(told))
    last = "\n".join(_texts(asked[-1]["content"])) if asked else ""
    return Prompt(
        model=model,
        max_tokens=most,
        stream=body.get("stream") is True,
        tool=chosen_tool(body, last, eager=tools),
        last=last,
        tokens=max(1, -(-size // CHARACTERS)),
    )


def _body(request: Inbound) -> Mapping[str, Any]:
    opened = open_body(request.body, request.header("content-encoding"))
    try:
        body = json.loads(opened.data)
    except ValueError:
        raise Malformed("The request body is not valid JSON") from None
    if not isinstance(body, Mapping):
        raise Malformed("The request body is not a JSON object")
    return body


def _check_turn(turn: object, place: int) -> None:
    if not isinstance(turn, Mapping) or turn.get("role") not in {
        "user",
        "assistant",
        "system",
    }:
        raise Malformed(f"messages.{place}.role: Input should be 'user' or 'assistant'")
    content = turn.get("content")
    if not isinstance(content, str | list):
        raise Malformed(f"messages.{place}.content: Field required")
    if not content and turn["role"] == "user":
        raise Malformed(f"messages.{place}: user messages must have non-empty content")


def _texts(tree: object) -> Iterator[str]:
    """Yield each string of a JSON tree but those that only name a type."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            if key not in {"type", "role", "cache_control"}:
                yield from _texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value)
