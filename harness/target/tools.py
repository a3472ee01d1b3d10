"""What a target's hooks can work with."""

from __future__ import annotations

import json as json_
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from harness.model.tenant import Tenant

COMMAND_TIMEOUT: Final = 60.0
"""Seconds that a command of a hook may take, unless the hook says otherwise."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the app, as hooks and logins see it.

    Attributes:
        status: HTTP status.
        headers: Lower-case name and value, in order, repeats kept.
        content: The body, with its content encoding undone.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes = field(repr=False)

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            ValueError: The body is not JSON.
        """
        return json_.loads(self.content)

    def header(self, name: str) -> str:
        """Return a header's first value; "" if there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), "")


class Tools(Protocol):
    """Ways to bring a tenant about: through the API, or past it."""

    @property
    def dsn(self) -> str:
        """DSN of the app's database; "" if the harness does not know it."""
        ...

    @property
    def provider_url(self) -> str:
        """Base URL of the run's model provider; "" for an app that runs elsewhere."""
        ...

    @property
    def sink_url(self) -> str:
        """Base URL of what records webhooks; "" for an app that runs elsewhere."""
        ...

    async def request(
        self,
        method: str,
        path: str,
        *,
        tenant: Tenant | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        expect: Sequence[int] = (),
    ) -> Answer:
        """Send a request, selecting `tenant` if one is given.

        Args:
            method: Upper case.
            path: With its query, if any.
            tenant: Whose selector goes onto the request.
            headers: Further headers, such as an operator's credential.
            json: Body, as JSON.
            form: Body, as ``application/x-www-form-urlencoded``.
            expect: Statuses that are fine; any 2xx by default.

        Raises:
            ProvisioningError: Another status came; the message shows it.
        """
        ...

    async def sql(self, query: str, *args: object) -> list[Mapping[str, Any]]:
        """Run one statement on the app's database (asyncpg placeholders)."""
        ...

    async def run(
        self, *argv: str, stdin: str = "", timeout: float = COMMAND_TIMEOUT
    ) -> str:
        """Run a command with the app's environment.

        Args:
            argv: Program and arguments.
            stdin: What it can read from its standard input.
            timeout: Seconds that it may take.

        Returns:
            What it wrote to its standard output.

        Raises:
            ProvisioningError: It ended with another code than 0, which shows the
                last of what it wrote, or took too long.
        """
        ...
