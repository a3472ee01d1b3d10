"""The assistant: questions, answers as they come, and what is remembered of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints

from reference_app.ai.refusals import AssistantRefused, OverLimit
from reference_app.ai.turn import Done, Piece, Text, ToolUse, Turn
from reference_app.api.dependencies import (
    MEMBER_ERRORS,
    AppResources,
    Caller,
    Current,
    Limit,
    page_size,
)
from reference_app.api.streamed import SendEvent, Streamed
from reference_app.problems import ProblemError, problems, unavailable
from reference_app.storage.seam import Speaker

router = APIRouter(
    prefix="/assistant/messages", tags=["assistant"], responses=MEMBER_ERRORS
)

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": (
            "`text` for each piece of the answer, `tool` when the model looks "
            "something up, and `done` when all is said and stored; `error` with a "
            "problem's type if it breaks off."
        ),
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
_NAMES: dict[type[Piece], str] = {Text: "text", ToolUse: "tool", Done: "done"}


class Question(BaseModel):
    """What a member asks."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[
        str,
        StringConstraints(min_length=1, max_length=10_000, pattern=r"^[^\x00]*$"),
    ]


class Said(BaseModel):
    """A message of a conversation."""

    id: int
    role: Speaker
    text: str
    created_at: datetime


class Conversation(BaseModel):
    """The latest of what was said, the oldest of it first."""

    items: Sequence[Said]


@router.post(
    "", status_code=200, response_class=Streamed, responses=_STREAM | problems(400, 422)
)
async def ask_assistant(
    caller: Caller, current: Current, resources: AppResources, question: Question
) -> Streamed:
    """Ask the assistant; the answer streams as it is made."""
    context = current.runtime.context

    async def produce(send: SendEvent) -> None:
        async def emit(piece: Piece) -> None:
            await send(_NAMES[type(piece)], asdict(piece))

        try:
            await Turn(context, caller.member_id, question.text, emit).run()
        except AssistantRefused as refused:
            raise _problem(refused) from refused

    return Streamed(
        produce,
        deadline=resources.settings.assistant_deadline,
        retry_after=resources.settings.retry_after,
    )


@router.get("", responses=problems(422))
async def read_conversation(
    caller: Caller, current: Current, resources: AppResources, limit: Limit = None
) -> Conversation:
    """Read one's own conversation with the assistant."""
    size = await page_size(resources, current, limit)
    messages = await current.runtime.context.memory.recent(caller.member_id, size)
    said = [Said.model_validate(one, from_attributes=True) for one in messages]
    return Conversation(items=said)


@router.delete("", status_code=204)
async def forget_conversation(caller: Caller, current: Current) -> None:
    """Have one's own conversation forgotten."""
    await current.runtime.context.memory.clear(caller.member_id)


def _problem(refused: AssistantRefused) -> ProblemError:
    if isinstance(refused, OverLimit):
        headers = {"Retry-After": str(refused.retry_after)}
        detail = "Wait as long as Retry-After says."
        return ProblemError(429, refused.kind, detail, headers=headers)
    return unavailable(
        refused.kind, "Ask again later.", retry_after=refused.retry_after
    )
