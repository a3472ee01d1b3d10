"""What is random in an app under a schedule: the same in each run of it."""

from __future__ import annotations

import contextlib
import os
import random
import uuid
from collections.abc import Iterator
from typing import Any, final


@contextlib.contextmanager
def same_chance(seed: int) -> Iterator[None]:
    """Have `random` and `uuid` give the same in each run of the block.

    `secrets` and `os.urandom` stay as they are: keys are not to be foreseen, not even
    here.

    Args:
        seed: Of what they give.
    """
    names: Any = uuid
    state, system = random.getstate(), names.os
    random.seed(seed)
    names.os = _System(seed)
    try:
        yield
    finally:
        names.os = system
        random.setstate(state)


@final
class _System:
    """The module `os` as `uuid` sees it."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def urandom(self, count: int) -> bytes:
        """Return bytes that look random."""
        return self._random.randbytes(count)
