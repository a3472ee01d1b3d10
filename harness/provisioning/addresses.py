"""Addresses: where the URLs lead that requests carry, such as those of webhooks."""

from __future__ import annotations

from typing import Final, final

_SORTS: Final = (
    "{base}/{word}",
    # For apps that take only addresses that others could have.
    "https://{word}.example.com/",
    # For what is only called an address.
    "{word}",
)


@final
class Addresses:
    """Writes addresses that hold a canary; a request to one tells whose it is.

    Args:
        base: Of what records webhooks; "" if nothing does.
    """

    def __init__(self, base: str = "") -> None:
        self._base = base
        self._first = 0 if base else 1
        self._sorts: dict[str, int] = {}

    def write(self, operation: str, word: str) -> str:
        """Return an address.

        Args:
            operation: Key of the operation whose request is to carry it.
            word: A canary; letters, digits and nothing else but dots.
        """
        sort = self._sorts.get(operation, self._first)
        return _SORTS[sort % len(_SORTS)].format(base=self._base, word=word)

    def refused(self, operation: str) -> bool:
        """Hear that a request was refused, whose address may be to blame.

        Returns:
            Whether to try again: the next address is of another sort. If all were
            refused, it was something else, and the first sort stands.
        """
        sort = self._sorts.get(operation, self._first) + 1
        if sort < len(_SORTS):
            self._sorts[operation] = sort
            return True
        if sort == len(_SORTS):
            self._sorts[operation] = self._first + len(_SORTS)
        return False
