"""The tools that a target's hooks and logins are given."""

from __future__ import annotations

import asyncio
import json as json_
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import asyncpg

from harness.errors import ProvisioningError, TargetError
from harness.model.event import Audience
from harness.model.step import Principal, Role
from harness.provisioning.client import Call, Client, Meaning
from harness.provisioning.masking import masked, secrets_in
from harness.target.selector import Selection
from harness.target.tools import COMMAND_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.environment.outside import Outside
    from harness.model.tenant import Tenant
    from harness.target.target import Target
    from harness.target.tools import Answer


class HookTools:
    """Requests, SQL and commands for a target's hooks; implements `Tools`.

    Args:
        client: Sends and records.
        target: Whose selector is used.
        dsn: Of the app's database; "" if unknown.
        outside: What runs beside the app for it to call; None if nothing does.
        environment: Of commands, beside that of this process.
        principal: In whose name requests go out.
        role: PROVISION or LOGIN.
        secrets: What no message may show, such as the tenant's password.
    """

    def __init__(
        self,
        client: Client,
        target: Target,
        *,
        dsn: str,
        outside: Outside | None,
        environment: Mapping[str, str],
        principal: Principal,
        role: Role,
        secrets: Sequence[str],
    ) -> None:
        self._client = client
        self._target = target
        self._dsn = dsn
        self._outside = outside
        self._environment = environment
        self._principal = principal
        self._role = role
        self._secrets = tuple(secrets)

    @property
    def dsn(self) -> str:
        """DSN of the app's database."""
        return self._dsn

    @property
    def provider_url(self) -> str:
        """Base URL of the run's model provider."""
        return self._outside.provider.url if self._outside else ""

    @property
    def sink_url(self) -> str:
        """Base URL of what records webhooks."""
        return self._outside.sink.url if self._outside else ""

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
        """Send a request; see `Tools.request`."""
        selection = self._target.selector.select(tenant) or Selection()
        body, content_type = b"", ""
        if json is not None:
            body, content_type = json_.dumps(json).encode(), "application/json"
        elif form is not None:
            body = urlencode(form).encode()
            content_type = "application/x-www-form-urlencoded"
        if not path.startswith("/"):
            message = f"A hook asks for {method} {path}."
            raise TargetError(message, hint='Begin the path with "/".')
        parts = urlsplit(path)
        bare = parts.path
        for name, value in selection.parameters.items():
            bare = bare.replace(f"{{{name}}}", quote(value, safe=""))
        target = selection.prefix + quote(bare, safe="/%:@!$&'()*+,;=~-._")
        given = {k.lower(): v for k, v in (headers or {}).items()}
        # A request has one of them: a second one makes it somebody else's, or nobody's.
        host = given.pop("host", selection.host)
        call = Call(
            method=method.upper(),
            path=f"{target}?{parts.query}" if parts.query else target,
            headers=(*selection.headers, *given.items()),
            host=host,
            body=body,
            content_type=content_type,
        )
        reply = await self._client.send(call, self._meaning(call.method, parts.path))
        answer = reply.answer
        if answer.status in expect or (not expect and 200 <= answer.status < 300):
            return answer
        outcome = reply.exchange.failure or f"status {answer.status}"
        shown = " ".join(answer.content.decode("utf-8", "replace").split())
        # Some apps repeat what they were sent, and with it the password.
        secrets = (*self._secrets, *secrets_in([headers, json, form]))
        shown = masked(shown, secrets)[:200] or "no body"
        message = f"{method.upper()} {path} ended with {outcome}: {shown}"
        raise ProvisioningError(masked(message, secrets))

    def _meaning(self, method: str, path: str) -> Meaning:
        audience = self._target.audience(method, path)
        if self._role is Role.PROVISION and audience is Audience.TENANT:
            audience = Audience.OPERATOR
        return Meaning(
            operation=f"{method} {path}",
            principal=self._principal,
            role=self._role,
            audience=audience,
            mutates=method not in {"GET", "HEAD"},
        )

    async def sql(self, query: str, *args: object) -> list[Mapping[str, Any]]:
        """Run one statement; see `Tools.sql`."""
        if not self._dsn:
            message = "The hook asks for SQL, but the app's database is not known."
            raise ProvisioningError(message, hint="Set HARNESS_DSN.")
        try:
            connection = await asyncpg.connect(self._dsn, timeout=10)
            try:
                return [dict(row) for row in await connection.fetch(query, *args)]
            finally:
                await connection.close()
        except asyncpg.PostgresError as error:
            message = f"The hook's SQL failed: {error} ({type(error).__name__})"
            raise ProvisioningError(masked(message, self._secrets)) from error

    async def run(
        self, *argv: str, stdin: str = "", timeout: float = COMMAND_TIMEOUT
    ) -> str:
        """Run a command; see `Tools.run`."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            env={**os.environ, **self._environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(timeout):
                printed, told = await process.communicate(stdin.encode())
        except TimeoutError:
            message = f"The command {argv[0]} took over {timeout:g} s."
            raise ProvisioningError(message) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            text = (printed + told).decode("utf-8", "replace").strip()
            end = masked(text, self._secrets)[-300:]
            message = f"The command {argv[0]} ended with {process.returncode}: "
            raise ProvisioningError(message + (end or "it printed nothing"))
        return printed.decode("utf-8", "replace")
