"""A keyed permutation of a range of integers, so that codes look random."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final, final

# Four rounds make a strong pseudo-random permutation of a pseudo-random round
# function: Luby and Rackoff, SIAM J. Comput. 17(2), 1988.
_ROUNDS: Final = 4


@final
@dataclass(frozen=True, slots=True)
class Permutation:
    """A Feistel network over 0 … radix² - 1, fixed by a secret and a label.

    Args:
        secret: The key, 16 to 64 bytes.
        label: What the permutation is for, at most 15 bytes; different labels
            give unrelated permutations.
        radix: The number of values of each half.
    """

    secret: bytes = field(repr=False)
    label: bytes
    radix: int

    def encipher(self, value: int) -> int:
        """The image of `value`; neighbours have unrelated images."""
        left, right = divmod(value, self.radix)
        for number in range(_ROUNDS):
            left, right = right, (left + self._mix(number, right)) % self.radix
        return left * self.radix + right

    def decipher(self, image: int) -> int:
        """The value whose image this is."""
        left, right = divmod(image, self.radix)
        for number in reversed(range(_ROUNDS)):
            left, right = (right - self._mix(number, left)) % self.radix, left
        return left * self.radix + right

    def _mix(self, number: int, half: int) -> int:
        digest = hashlib.blake2b(
            half.to_bytes(8, "big"),
            digest_size=16,
            key=self.secret,
            person=self.label + bytes([number]),
        ).digest()
        return int.from_bytes(digest, "big")
