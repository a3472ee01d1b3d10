"""Ripening: what a request began in the background, and is there only later."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from harness.provisioning.belongings import Keys
    from harness.provisioning.habits import Habits

ACCEPTED: Final = 202
NOT_YET: Final = frozenset({202, 425})
"""Answers that say so."""
UNRIPE: Final = NOT_YET | {404, 409}
"""Answers that a part of a new object may give until it is there."""
LONG: Final = 5.0
"""Seconds that an owner waits where the app said that it takes time."""
SHORT: Final = 0.5
"""Seconds that an owner waits where it did not."""
PAUSES: Final = (0.02, 1.5, 0.5)
"""Seconds before the second try, by what the pause grows, and its longest."""


@final
class Ripening:
    """Knows which objects are new, and how long their owner waits for the rest.

    Args:
        habits: Remember what never came.
    """

    def __init__(self, habits: Habits) -> None:
        self._habits = habits
        self._born: dict[tuple[int, str, Keys], tuple[float, bool]] = {}

    def born(self, tenant: int, kind: str, keys: Keys, *, status: int) -> None:
        """Note that an object was made."""
        accepted = status == ACCEPTED
        self._born[tenant, kind, keys] = (time.monotonic(), accepted)

    def patience(
        self, operation: str, tenant: int, kind: str, keys: Keys, *, status: int
    ) -> float:
        """Return the seconds for which an owner's reading is worth another try."""
        known = self._born.get((tenant, kind, keys))
        if status not in UNRIPE or known is None:
            return 0.0
        since, accepted = known
        if not accepted and status not in NOT_YET:
            return SHORT if self._habits.may_ripen(operation) else 0.0
        return max(0.0, since + LONG - time.monotonic())

    def in_vain(self, operation: str) -> None:
        """Note that waiting did not help."""
        self._habits.did_not_ripen(operation)
