"""The pytest plugin: the fixture `explore`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from harness.run.explore import Exploration, Explorer, Played
    from harness.target.target import Target


class Explore(Protocol):
    """What the fixture `explore` is."""

    def __call__(
        self,
        *scenarios: Played,
        target: Target | str = "",
        schedules: int | None = None,
        check: bool = True,
    ) -> Exploration:
        """Explore scenarios; the test fails if a schedule of them shows a finding.

        Args:
            scenarios: What happens; all that come along if there are none.
            target: The app and how to talk to it, or its import string; that of the
                settings if left out.
            schedules: How many of each are run; as the settings say if left out.
            check: Whether to fail; else what was found is only returned.
        """
        ...


class Worlds:
    """One server and one world for each target, until the session ends."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._known: list[tuple[Target | str, Explorer]] = []

    def of(self, target: Target | str) -> Explorer:
        """Return what explores a target; its world is made when it is first wanted."""
        # Nobody pays for this who explores nothing.
        from harness.run.explore import explorer

        for one, explores in self._known:
            if one is target or (isinstance(one, str) and one == target):
                return explores
        explores = self._stack.enter_context(explorer(target))
        self._known.append((target, explores))
        return explores


@pytest.fixture(scope="session")
def harness_worlds() -> Iterator[Worlds]:
    """The worlds of this session, for the fixture `explore`."""
    with ExitStack() as stack:
        yield Worlds(stack)


@pytest.fixture
def explore(harness_worlds: Worlds) -> Explore:
    """Explore in which orders what a scenario does can happen.

    Worlds are made once and used by all tests of the session.
    """

    def explored(
        *scenarios: Played,
        target: Target | str = "",
        schedules: int | None = None,
        check: bool = True,
    ) -> Exploration:
        __tracebackhide__ = True
        found = harness_worlds.of(target)(*scenarios, schedules=schedules)
        return found.check() if check else found

    return explored
