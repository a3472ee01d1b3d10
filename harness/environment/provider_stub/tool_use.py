"""How the model uses a tool: once for each question, as an app's own code expects."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from harness.model.canary import PREFIX

_DEPTH: Final = 4
"""Objects inside objects that an input is filled to."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool that the model asks for.

    Attributes:
        name: Of the tool.
        given: Its input, with what its schema requires.
    """

    name: str
    given: Mapping[str, Any]


def chosen_tool(
    body: Mapping[str, Any], question: str, *, eager: bool = True
) -> ToolUse | None:
    """Return the tool that the model uses next; None if it goes on to answer.

    Free to choose, it uses one tool for each question, which one depends on the
    question, and answers when it has the result. Texts are the prefix of all
    canaries and numbers are 1, so that a search finds whatever it can reach and an
    id means something in each tenant.

    Args:
        body: The request.
        question: The last words of the user.
        eager: Whether it uses one where it is free to choose.
    """
    tools = dict(_offered(body))
    choice = body.get("tool_choice")
    kind, named = "auto", ""
    if isinstance(choice, Mapping):
        kind, named = str(choice.get("type")), str(choice.get("name", ""))
    if kind == "tool":
        return ToolUse(named, _object(tools.get(named, {}), 0))
    may = eager and kind == "auto"
    free = may and body.get("max_tokens", 1) > 1 and not _answered(body)
    if not tools or not (free or kind == "any"):
        return None
    names = sorted(tools)
    name = names[zlib.crc32(question.encode(errors="replace")) % len(names)]
    return ToolUse(name, _object(tools[name], 0))


def _offered(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and schema of each tool that the app runs itself."""
    for tool in _sequence(body.get("tools")):
        if isinstance(tool, Mapping) and isinstance(tool.get("input_schema"), Mapping):
            yield str(tool.get("name", "")), tool["input_schema"]


def _answered(body: Mapping[str, Any]) -> bool:
    """Whether the last turn brings a tool's result."""
    turns = _sequence(body.get("messages"))
    last = turns[-1] if turns else {}
    content = last.get("content") if isinstance(last, Mapping) else ()
    return any(
        isinstance(block, Mapping) and block.get("type") == "tool_result"
        for block in _sequence(content)
    )


def _object(schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
    properties = schema.get("properties")
    known: Mapping[str, Any] = properties if isinstance(properties, Mapping) else {}
    return {
        str(name): _value(known.get(name, {}), depth)
        for name in _sequence(schema.get("required"))
    }


def _value(schema: object, depth: int) -> Any:
    """Return a value that a schema most likely accepts."""
    if not isinstance(schema, Mapping):
        return PREFIX
    allowed = [schema["const"]] if "const" in schema else _sequence(schema.get("enum"))
    if allowed:
        return allowed[0]
    kind = schema.get("type")
    if kind == "array":
        return [_value(schema.get("items"), depth + 1)] if depth < _DEPTH else []
    if kind == "object":
        return _object(schema, depth + 1) if depth < _DEPTH else {}
    plain = {"integer": max(1, schema.get("minimum", 1)), "boolean": False}
    return plain.get("integer" if kind == "number" else str(kind), PREFIX)


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
