"""One question to the assistant, and its answer as it comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass

from anthropic.lib.streaming import AsyncMessageStream
from anthropic.types import Message, MessageParam, ToolResultBlockParam

from reference_app.ai.context import ModelContext
from reference_app.ai.provider import Account
from reference_app.ai.refusals import Unavailable
from reference_app.ai.tools import TOOLS, ToolFailed
from reference_app.logs import log_failure

_ROUNDS = 4
"""Times that the model may be called for one question; the last without tools."""
_CHARACTERS = 3
"""Of a token, about, and rather too few."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    """The model uses a tool before it goes on."""

    name: str


@dataclass(slots=True)
class Used:
    """What a turn has cost so far."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Input and output together, as budgets count them."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is complete, and stored; `reused` if it was an earlier one."""

    input_tokens: int
    output_tokens: int
    reused: bool


Piece = Text | ToolUse | Done
Emit = Callable[[Piece], Awaitable[None]]


class Turn:
    """Answers one question of a member.

    The provider is read only as fast as `emit` takes the pieces. What was used is
    written also if the member leaves half-way or the provider fails; the question
    and its answer are remembered only if the answer is complete. `Done` is said
    after all is written.

    Args:
        context: Of the member's tenant.
        member_id: Who asks.
        question: What.
        emit: Takes the pieces, and may wait.
    """

    def __init__(
        self, context: ModelContext, member_id: int, question: str, emit: Emit
    ) -> None:
        self._context = context
        self._member_id = member_id
        self._question = question
        self._emit = emit
        self._used = Used()
        self._text: list[str] = []

    async def run(self) -> None:
        """Answer.

        Raises:
            AssistantRefused: There is no answer, or no more of it.
        """
        context = self._context
        if context.account is None:
            raise self._unavailable()
        version = context.version()  # before anything is read that a write may change
        turns = await context.memory.turns(self._member_id)
        system = await context.system()
        scope = self._scope(version, system, turns)
        known = context.answers.find(scope, self._question)
        if known is not None:
            await self._say(known)
            await self._stored(known)
        else:
            await self._ask(context.account, system, turns)
            if self._text:
                context.answers.put(scope, self._question, "".join(self._text))
        await self._emit(
            Done(
                self._used.input_tokens,
                self._used.output_tokens,
                reused=known is not None,
            )
        )

    def _scope(
        self, version: int, system: str, turns: Sequence[MessageParam]
    ) -> Hashable:
        """Return all that an answer depends on besides the question.

        At the beginning of a conversation that is nothing of the member's: all see
        the same documents.
        """
        if not turns:
            return version, system
        return version, system, self._member_id, json.dumps(turns)

    async def _ask(
        self, account: Account, system: str, turns: Sequence[MessageParam]
    ) -> None:
        """Have the model answer, and write down what that took."""
        budget = self._context.budget
        await budget.refresh()
        messages: list[MessageParam] = [
            *turns,
            {"role": "user", "content": self._question},
        ]
        about = self._context.settings.answer_tokens + _about(system, messages)
        with budget.reserve(about):
            try:
                await self._converse(account, system, messages)
            except BaseException:
                await self._settle(None)  # has logged it if it fails
                raise
            await self._stored("".join(self._text))

    async def _converse(
        self, account: Account, system: str, messages: list[MessageParam]
    ) -> None:
        for number in range(_ROUNDS):
            last = number == _ROUNDS - 1
            if self._context.ending.is_set():
                raise self._unavailable()
            async with account.stream(
                _about(system, messages),
                system=system,
                messages=messages,
                tools=TOOLS,
                tool_choice={"type": "none" if last else "auto"},
                max_tokens=self._context.settings.answer_tokens,
            ) as stream:
                message = await self._listen(stream)
            if message.stop_reason != "tool_use":
                return
            messages.append({"role": "assistant", "content": message.content})
            messages.append({"role": "user", "content": await self._use(message)})

    def _unavailable(self) -> Unavailable:
        return Unavailable("assistant-unavailable", self._context.settings.retry_after)

    async def _listen(self, stream: AsyncMessageStream[None]) -> Message:
        """Pass on what the model says, and keep count of it as it comes."""
        before = self._used.output_tokens
        heard = 0
        self._used.calls += 1
        async for event in stream:
            if event.type == "message_start":
                self._used.input_tokens += event.message.usage.input_tokens
            elif event.type == "text":
                heard += len(event.text)
                # An answer that breaks off has no final count.
                self._used.output_tokens = before + heard // _CHARACTERS
                await self._say(event.text)
            elif event.type == "message_delta":
                self._used.output_tokens = before + event.usage.output_tokens
        return await stream.get_final_message()

    async def _say(self, text: str) -> None:
        self._text.append(text)
        await self._emit(Text(text))

    async def _use(self, message: Message) -> list[ToolResultBlockParam]:
        """Do what the model asks for; it is told itself what it did wrong."""
        results: list[ToolResultBlockParam] = []
        for block in message.content:
            if block.type != "tool_use":
                continue
            await self._emit(ToolUse(block.name))
            result: ToolResultBlockParam = {
                "type": "tool_result",
                "tool_use_id": block.id,
            }
            try:
                result["content"] = await self._context.tools.run(
                    block.name, block.input
                )
            except ToolFailed as error:
                result |= {"content": str(error), "is_error": True}
            results.append(result)
        return results

    async def _stored(self, answer: str) -> None:
        error = await self._settle(answer)
        if error is not None:
            raise error

    async def _settle(self, answer: str | None) -> Exception | None:
        """Write what was used and said, whoever leaves meanwhile."""
        if answer is None and self._used.calls == 0:
            return None
        work = self._write(answer)
        try:
            writing = self._context.settling.create_task(work)
        except RuntimeError:  # the group is over, for its tenant was closed
            work.close()
            error = ConnectionError("the tenant was closed before its answer ended")
            log_failure(self._context.logger, "answer not stored", error)
            return error
        return await asyncio.shield(writing)

    async def _write(self, answer: str | None) -> Exception | None:
        """Write; an error is returned, for in this task it would end the tenant."""
        used = self._used
        try:
            async with self._context.store.session() as session:
                await session.usage.add(
                    self._member_id,
                    requests=1,
                    input_tokens=used.input_tokens,
                    output_tokens=used.output_tokens,
                )
                self._context.budget.spend(used.tokens)
                if answer:
                    await session.messages.exchange(
                        self._member_id, self._question, answer
                    )
        except Exception as error:  # noqa: BLE001 - raised where somebody waits
            log_failure(self._context.logger, "answer not stored", error)
            return error
        return None


def _about(system: str, messages: Sequence[MessageParam]) -> int:
    """Return about how many tokens a prompt takes."""
    length = len(system) + sum(len(str(one["content"])) for one in messages)
    return length // _CHARACTERS + 1
