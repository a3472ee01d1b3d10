"""Answers of the Messages API: whole messages, streams of events, errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from harness.environment.provider_stub.faults import ERRORS
from harness.environment.provider_stub.prompts import CHARACTERS, Prompt

_LEAD: Final = "You said: "
_PIECE: Final = re.compile(r"(?:\S+\s*){1,4}|\s+")
"""Up to four words; no word is ever cut, so that a canary stays whole."""


@dataclass(frozen=True, slots=True)
class Message:
    """An answer of the model: always the same to the same prompt, but for its id.

    Attributes:
        id: Of the message.
        prompt: What it answers.
    """

    id: str
    prompt: Prompt

    @property
    def text(self) -> str:
        """What the model says: the user's last words, repeated."""
        most = self.prompt.max_tokens * CHARACTERS
        return f"{_LEAD}{self.prompt.last}"[:most]

    @property
    def stop_reason(self) -> str:
        """Why it ends."""
        if self.prompt.tool:
            return "tool_use"
        whole = len(_LEAD) + len(self.prompt.last)
        return "max_tokens" if len(self.text) < whole else "end_turn"

    @property
    def tokens(self) -> int:
        """About how many tokens it takes."""
        return max(1, -(-len(self.text) // CHARACTERS))

    def whole(self) -> dict[str, Any]:
        """Return the message as one JSON object."""
        given = self.prompt.tool.given if self.prompt.tool else {}
        content = self._block(text=self.text, given=given)
        return self._head([content], self.stop_reason, self.tokens)

    def events(self) -> Iterator[bytes]:
        """Yield the message as server-sent events, as the provider streams it."""
        start = self._head([], None, 1)
        yield event("message_start", message=start)
        block = self._block(text="", given={})
        yield event("content_block_start", index=0, content_block=block)
        yield event("ping")
        for delta in self._deltas():
            yield event("content_block_delta", index=0, delta=delta)
        yield event("content_block_stop", index=0)
        yield event(
            "message_delta",
            delta={"stop_reason": self.stop_reason, "stop_sequence": None},
            usage={"output_tokens": self.tokens},
        )
        yield event("message_stop")

    def _deltas(self) -> Iterator[dict[str, str]]:
        if self.prompt.tool:
            given = json.dumps(self.prompt.tool.given)
            yield {"type": "input_json_delta", "partial_json": given}
            return
        for piece in _PIECE.findall(self.text):
            yield {"type": "text_delta", "text": piece}

    def _block(self, *, text: str, given: Mapping[str, Any]) -> dict[str, Any]:
        if self.prompt.tool:
            own = self.id.replace("msg_", "toolu_", 1)
            return {
                "type": "tool_use",
                "id": own,
                "name": self.prompt.tool.name,
                "input": given,
            }
        return {"type": "text", "text": text}

    def _head(
        self, content: list[dict[str, Any]], reason: str | None, tokens: int
    ) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.prompt.model,
            "content": content,
            "stop_reason": reason,
            "stop_sequence": None,
            "usage": {
                "input_tokens": self.prompt.tokens,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": tokens,
            },
        }


def event(name: str, **values: Any) -> bytes:
    """Return one server-sent event."""
    data = json.dumps({"type": name, **values}, separators=(",", ":"))
    return f"event: {name}\ndata: {data}\n\n".encode()


def error(status: int, message: str, request_id: str) -> dict[str, Any]:
    """Return the JSON of an error."""
    kind = ERRORS.get(status, "api_error")
    return {
        "type": "error",
        "error": {"type": kind, "message": message},
        "request_id": request_id,
    }


def model(name: str) -> dict[str, Any]:
    """Return what the provider tells of a model."""
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": "2025-01-01T00:00:00Z",
    }
