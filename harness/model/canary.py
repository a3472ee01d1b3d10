"""Canaries: unguessable values that name the tenant and field that own them.

A canary enciphers its owner together with a known constant (encode-then-encipher,
Bellare and Rogaway, ASIACRYPT 2000): the owner can be read back with the key alone,
a value that was not minted deciphers to something without the constant, and
canaries of neighbouring tenants have nothing in common but the prefix.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Final, final

from harness.errors import UsageError
from harness.model.permutation import Permutation

FIELD_BEACON: Final = 0
FIELD_SLUG: Final = 1
FIELD_NAME: Final = 2
FIELD_EMAIL: Final = 3
FIELD_PASSWORD: Final = 4
FIELD_PROVIDER_KEY: Final = 7
FIELD_PROVIDER_LIMIT: Final = 8
FIELD_PROVIDER_ANSWER: Final = 9
FIRST_PLANTED_FIELD: Final = 16
LAST_FIELD: Final = 255
NO_TENANT: Final = 2**17 - 1
"""The owner of beacons that belong to no tenant."""

PREFIX: Final = "zqx"
"""What each token begins with: not found in English, nor in hexadecimal."""
TOKEN_LETTERS: Final = 14
"""Letters after the prefix."""
TOKEN_LENGTH: Final = len(PREFIX) + TOKEN_LETTERS

_FIELDS: Final = LAST_FIELD + 1
_OWNERS: Final = (NO_TENANT + 1) * _FIELDS
_HALF_TOKEN: Final = 26 ** (TOKEN_LETTERS // 2)
_HALF_UUID: Final = 2**45  # of the 90 bits that lead, version and variant leave
_HALF_INTEGER: Final = 12_144

TOKEN_RATE: Final = _OWNERS / _HALF_TOKEN**2
"""Probability that 14 random letters decode: 2^-40.8."""
UUID_RATE: Final = _OWNERS / _HALF_UUID**2
"""Probability that a random version-4 UUID with the run's lead decodes: 2^-65."""
FIRST_INTEGER: Final = 2_000_000_000
"""Smallest integer canary: later than today's Unix times, ten digits, in int4."""
INTEGERS: Final = _HALF_INTEGER**2
"""Size of the range that integer canaries come from; its end is below 2^31."""

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"
_TO_DIGITS: Final = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnop")


def _letters(value: int) -> str:
    found = []
    for _ in range(TOKEN_LETTERS):
        value, digit = divmod(value, 26)
        found.append(_ALPHABET[digit])
    return "".join(reversed(found))


def _index(tenant: int, number: int) -> int:
    if not 0 <= tenant <= NO_TENANT or not 0 <= number <= LAST_FIELD:
        raise UsageError(
            f"no canary for tenant {tenant}, field {number}: out of range",
            hint=f"Tenants go from 0 to {NO_TENANT}, fields from 0 to {LAST_FIELD}.",
        )
    return tenant * _FIELDS + number


def _owner(index: int) -> tuple[int, int] | None:
    return divmod(index, _FIELDS) if index < _OWNERS else None


@final
@dataclass(frozen=True, slots=True)
class CanaryKey:
    """The secret of one run; mints its canaries and recognises them.

    Args:
        secret: 16 to 64 bytes; never shown.

    Raises:
        UsageError: The secret is too short or too long.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not 16 <= len(self.secret) <= 64:
            raise UsageError(
                f"a canary key of {len(self.secret)} bytes cannot be used",
                hint="It must have 16 to 64 bytes; take one from CanaryKey.generate().",
            )

    @classmethod
    def generate(cls) -> CanaryKey:
        """A fresh key that nobody can guess."""
        return cls(secrets.token_bytes(16))

    @classmethod
    def from_seed(cls, seed: int) -> CanaryKey:
        """The same key for the same seed, so that a run can be repeated."""
        text = str(seed).encode()
        return cls(
            hashlib.blake2b(text, digest_size=16, person=b"canary-seed").digest()
        )

    @classmethod
    def from_hex(cls, text: str) -> CanaryKey:
        """The key that `hex` wrote.

        Raises:
            UsageError: The text is not hexadecimal, or has a wrong length.
        """
        try:
            secret = bytes.fromhex(text)
        except ValueError:
            # Without its cause, whose message could show part of the key.
            raise UsageError("the canary key is not hexadecimal") from None
        return cls(secret)

    def hex(self) -> str:
        """The key itself, to be stored where only its user can read it."""
        return self.secret.hex()

    def mint(self, tenant: int, field: int) -> str:
        """The token of a tenant's field: 17 lower-case letters.

        Raises:
            UsageError: The tenant or the field is out of range.
        """
        return PREFIX + _letters(self._tokens().encipher(_index(tenant, field)))

    def decode(self, token: str) -> tuple[int, int] | None:
        """The tenant and field of a token; None if this key did not mint it."""
        letters = token[len(PREFIX) :]
        if len(token) != TOKEN_LENGTH or not token.startswith(PREFIX):
            return None
        if not (letters.isascii() and letters.isalpha() and letters.islower()):
            return None
        return _owner(self._tokens().decipher(int(letters.translate(_TO_DIGITS), 26)))

    def uuid_lead(self) -> str:
        """The eight hexadecimal digits with which this run's UUIDs begin."""
        return hashlib.blake2b(
            b"", digest_size=4, key=self.secret, person=b"canary-lead"
        ).hexdigest()

    def mint_uuid(self, tenant: int, field: int) -> uuid.UUID:
        """The UUID of a tenant's field, in the shape of version 4.

        Raises:
            UsageError: The tenant or the field is out of range.
        """
        code = self._uuids().encipher(_index(tenant, field))
        high, middle, low = code >> 74, code >> 62 & 0xFFF, code & (1 << 62) - 1
        lead = int(self.uuid_lead(), 16)
        shape = lead << 96 | high << 80 | 0x4 << 76 | middle << 64 | 0b10 << 62 | low
        return uuid.UUID(int=shape)

    def decode_uuid(self, value: uuid.UUID) -> tuple[int, int] | None:
        """The tenant and field of a UUID; None if this key did not mint it."""
        shape = value.int
        if (
            f"{shape >> 96:08x}" != self.uuid_lead()
            or shape >> 76 & 0xF != 0x4
            or shape >> 62 & 0b11 != 0b10
        ):
            return None
        high, middle, low = shape >> 80 & 0xFFFF, shape >> 64 & 0xFFF, shape
        code = high << 74 | middle << 62 | low & (1 << 62) - 1
        return _owner(self._uuids().decipher(code))

    def mint_int(self, tenant: int, field: int) -> int:
        """The integer of a tenant's field, unique in the run, from 2·10⁹ to 2³¹.

        There is no room for a proof in 31 bits: an integer is recognised only
        among those that are known to be planted.

        Raises:
            UsageError: The tenant or the field is out of range.
        """
        numbers = Permutation(self.secret, b"canary-integer", _HALF_INTEGER)
        return FIRST_INTEGER + numbers.encipher(_index(tenant, field))

    def _tokens(self) -> Permutation:
        return Permutation(self.secret, b"canary-token", _HALF_TOKEN)

    def _uuids(self) -> Permutation:
        return Permutation(self.secret, b"canary-uuid", _HALF_UUID)
