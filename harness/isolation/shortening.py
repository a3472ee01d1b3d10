"""Makes a script as short as it can be, in few tries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from harness.model.step import Step

Script = tuple["Step", ...]
Shows = Callable[[Script], Awaitable[bool]]

TRIES = 32
"""How often a script is tried, at most."""


async def shortened(script: Script, shows: Shows, *, tries: int = TRIES) -> Script:
    """Leave out the steps that are not needed; the last one is what shows.

    Few steps of many are needed as a rule. Each is found by bisection (as in
    QuickXplain, Junker, 2004): the longest beginning that can be left out ends
    right before it. At last each step is left out once more, since what a step
    does may depend on others.

    Args:
        script: The steps.
        shows: Makes steps on a fresh state, and says whether they still show it.
        tries: How often to ask, at most.

    Returns:
        The steps that are needed; none if even all of them do not show it.
    """
    rehearsals = _Rehearsals(shows, tries)
    for guess in _guesses(script):
        if await rehearsals.show(guess):
            return await _pruned(await _bisected(guess, rehearsals), rehearsals)
    return ()


@final
class _Rehearsals:
    """Tries scripts until it may not any more; then nothing shows anything."""

    def __init__(self, shows: Shows, tries: int) -> None:
        self._shows = shows
        self._left = tries

    async def show(self, script: Script) -> bool:
        self._left -= 1
        return self._left >= 0 and await self._shows(script)


def _guesses(script: Script) -> list[Script]:
    """Return likely scripts, the shortest first, the whole one last.

    Most often the last step is enough, or it and the last few of the same
    operation.
    """
    if not script:
        return []
    last = script[-1]
    related = tuple(step for step in script if step.operation == last.operation)
    guesses = [script[-1:], related[-2:], script[-2:], related, script]
    return list(dict.fromkeys(guesses))


async def _bisected(script: Script, rehearsals: _Rehearsals) -> Script:
    needed: Script = ()
    rest = script
    while len(rest) > 1:
        fewest, most = 0, len(rest) - 1
        middle = most
        while fewest < most:
            if await rehearsals.show(needed + rest[middle:]):
                fewest = middle
            else:
                most = middle - 1
            middle = (fewest + most + 1) // 2
        needed += rest[fewest : fewest + 1]
        rest = rest[fewest + 1 :]
    return needed + rest


async def _pruned(script: Script, rehearsals: _Rehearsals) -> Script:
    at = 0
    while at < len(script) - 1:
        shorter = script[:at] + script[at + 1 :]
        if await rehearsals.show(shorter):
            script, at = shorter, 0
        else:
            at += 1
    return script
