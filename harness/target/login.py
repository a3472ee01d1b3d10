"""How a tenant's user proves who it is: the other half of an identity."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import jwt

from harness.errors import ProvisioningError, TargetError
from harness.model.world import Access
from harness.target.hooks import refuse_unless_async
from harness.target.templates import filled

if TYPE_CHECKING:
    from harness.model.tenant import Tenant
    from harness.target.tools import Answer, Tools


class Login(Protocol):
    """Obtains what authenticates a tenant's user."""

    async def log_in(self, tools: Tools, tenant: Tenant) -> Access:
        """Return the headers that authenticate the tenant's user."""
        ...


def dug(answer: Answer, path: str) -> str:
    """Return the token that a dotted path leads to in an answer's JSON.

    Raises:
        ProvisioningError: There is no token there.
    """
    value: Any = None
    try:
        value = answer.json()
        for part in path.split("."):
            value = value[int(part)] if isinstance(value, list) else value[part]
    except (ValueError, KeyError, IndexError, TypeError):
        value = None
    if not value or not isinstance(value, str | int):
        message = f"The login's answer ({answer.status}) has no token at {path!r}."
        hint = 'Set the login\'s `token` to a dotted path, or to "" for cookies.'
        raise ProvisioningError(message, hint=hint)
    return str(value)


def bearer(
    token: str, *, header: str = "authorization", scheme: str = "Bearer"
) -> Access:
    """Return the access that a token gives; a JWT's ``exp`` is honoured."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        expires = float(claims.get("exp", 0) or 0)
    except (jwt.InvalidTokenError, TypeError, ValueError):
        expires = 0.0
    value = f"{scheme} {token}" if scheme else token
    return Access(headers=((header.lower(), value),), expires_at=expires)


def cookies(answer: Answer) -> Access:
    """Return the access that an answer's cookies give.

    Raises:
        ProvisioningError: It sets none.
    """
    jar: dict[str, str] = {}
    for header, value in answer.headers:
        if header == "set-cookie":
            name, _, content = value.partition(";")[0].partition("=")
            jar[name.strip()] = content.strip()
    # Without content a cookie is being deleted.
    pairs = [f"{k}={v}" for k, v in jar.items() if v.strip('"')]
    if not pairs:
        message = f"The login answered ({answer.status}) without setting a cookie."
        hint = "If it answers with a token, set the login's `token` to its place."
        raise ProvisioningError(message, hint=hint)
    return Access(headers=(("cookie", "; ".join(pairs)),))


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLogin:
    """Logs in by a form, as OAuth2's password flow does (RFC 6749, 4.3).

    Attributes:
        path: Where to post it.
        form: Its fields, templates.
        token: Dotted path to the token in the answer; "" for cookies.
        header: Header that carries the token.
        scheme: Put before the token; "" for none.
    """

    path: str = "/token"
    form: Mapping[str, str] = field(
        default_factory=lambda: {
            "grant_type": "password",
            "username": "{email}",
            "password": "{password}",
        }
    )
    token: str = "access_token"
    header: str = "authorization"
    scheme: str = "Bearer"

    async def log_in(self, tools: Tools, tenant: Tenant) -> Access:
        """Post the form and keep the token or the cookies."""
        form = filled(self.form, tenant)
        answer = await tools.request(
            "POST",
            self.path,
            tenant=tenant,
            form=form,
            expect=(200, 201, 204, 302, 303),
        )
        if not self.token:
            return cookies(answer)
        token = dug(answer, self.token)
        return bearer(token, header=self.header, scheme=self.scheme)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLogin:
    """Logs in by a JSON body.

    Attributes:
        path: Where to post it.
        body: JSON tree of templates.
        token: Dotted path to the token in the answer; "" for cookies.
        header: Header that carries the token.
        scheme: Put before the token; "" for none.
    """

    path: str = "/login"
    body: Mapping[str, Any] = field(
        default_factory=lambda: {"email": "{email}", "password": "{password}"}
    )
    token: str = "access_token"
    header: str = "authorization"
    scheme: str = "Bearer"

    async def log_in(self, tools: Tools, tenant: Tenant) -> Access:
        """Post the body and keep the token or the cookies."""
        answer = await tools.request(
            "POST", self.path, tenant=tenant, json=filled(self.body, tenant)
        )
        if not self.token:
            return cookies(answer)
        token = dug(answer, self.token)
        return bearer(token, header=self.header, scheme=self.scheme)


@dataclass(frozen=True, slots=True, kw_only=True)
class MintedJwt:
    """Mints a JWT (RFC 7519) with a key that the target knows; no request is made.

    Attributes:
        key: Signing key, a template (``{jwt_key}`` for a key per tenant).
        claims: Templates; ``iat`` and ``exp`` are added.
        algorithm: Of the signature.
        lifetime: Seconds until it expires.
    """

    key: str = field(repr=False)
    claims: Mapping[str, Any] = field(default_factory=lambda: {"sub": "{email}"})
    algorithm: str = "HS256"
    lifetime: float = 3600.0

    async def log_in(self, tools: Tools, tenant: Tenant) -> Access:
        """Sign the claims."""
        del tools
        now = int(time.time())
        claims = {"iat": now, "exp": now + int(self.lifetime)}
        claims |= filled(self.claims, tenant)
        key = str(filled(self.key, tenant, secret=True))
        return bearer(jwt.encode(claims, key, algorithm=self.algorithm))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """Sends a key that provisioning learnt.

    Attributes:
        value: Template, such as ``{api_key}``.
        header: Header that carries it.
    """

    value: str = "{api_key}"
    header: str = "x-api-key"

    async def log_in(self, tools: Tools, tenant: Tenant) -> Access:
        """Fill the template."""
        del tools
        return Access(headers=((self.header.lower(), str(filled(self.value, tenant))),))


LoginSteps = Callable[["Tools", "Tenant"], Awaitable[Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class CustomLogin:
    """Logs in by a function of the user's: several steps, a second factor, ….

    Attributes:
        steps: ``async def steps(tools, tenant)``; returns the headers to send.
    """

    steps: LoginSteps

    def __post_init__(self) -> None:
        """Refuse what cannot be awaited."""
        refuse_unless_async("CustomLogin.steps", self.steps, "tools", "tenant")

    async def log_in(self, tools: Tools, tenant: Tenant) -> Access:
        """Run the steps."""
        headers: object = await self.steps(tools, tenant)
        if not isinstance(headers, Mapping):
            kind = type(headers).__name__
            message = f"The steps of CustomLogin returned a {kind}."
            raise TargetError(message, hint="Return the headers to send, as a dict.")
        pairs = tuple((str(name).lower(), str(headers[name])) for name in headers)
        scheme, _, token = dict(pairs).get("authorization", "").partition(" ")
        expires = bearer(token).expires_at if scheme.lower() == "bearer" else 0.0
        return Access(headers=pairs, expires_at=expires)
