"""Passwords, hashed with argon2 in a thread."""

from __future__ import annotations

import asyncio

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from reference_app.settings import Settings


class Passwords:
    """Hashes and verifies; each takes as long as the settings make it."""

    def __init__(self, settings: Settings) -> None:
        hasher = Argon2Hasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
        )
        self._hasher = PasswordHash((hasher,))

    async def hash(self, password: str) -> str:
        """Return a salted hash."""
        return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Tell whether a password is right.

        Args:
            password: What somebody typed.
            password_hash: What is stored; None if nobody goes by that name,
                which then takes as long as a wrong password.
        """
        if password_hash is None:
            await self.hash(password)
            return False
        return await asyncio.to_thread(self._hasher.verify, password, password_hash)
