"""How handlers get at what the lifespan has opened, and at who is calling."""

from __future__ import annotations

import secrets
from typing import Annotated, cast

from fastapi import Depends, Path, Query, Request
from fastapi.security import (
    HTTPAuthorizationCredentials,
    HTTPBearer,
    OAuth2PasswordBearer,
)

from reference_app.api.limited import count
from reference_app.auth.tokens import InvalidToken, Principal
from reference_app.problems import ProblemError, problems
from reference_app.resources import CurrentTenant, Resources, resources_in

TENANT_ERRORS = problems(403, 404, 429, 500, 503)
"""What any operation of a tenant can answer."""

MEMBER_ERRORS = TENANT_ERRORS | problems(401)
"""What any operation that needs a login can answer."""

Id = Annotated[int, Path(ge=1, le=2**31 - 1)]
Limit = Annotated[
    int | None,
    Query(ge=1, le=100, description="Items at most; the tenant sets the default."),
]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="Items to skip.")]


def _resources(request: Request) -> Resources:
    return resources_in(request.scope)


def _current(request: Request) -> CurrentTenant:
    return cast("CurrentTenant", request.scope["state"]["current"])


AppResources = Annotated[Resources, Depends(_resources)]
Current = Annotated[CurrentTenant, Depends(_current)]


BearerToken = Annotated[
    str, Depends(OAuth2PasswordBearer(tokenUrl="token", scheme_name="member"))
]


async def _member(
    token: BearerToken,
    resources: AppResources,
    current: Current,
) -> Principal:
    return await admit(resources, current, token)


async def admit(resources: Resources, current: CurrentTenant, token: str) -> Principal:
    """Return who sent a token, and count the request as one of theirs.

    Raises:
        ProblemError: The token is no good here, or there were too many requests.
    """
    try:
        caller = await resources.tokens.verify(current.tenant, token)
    except InvalidToken:
        count(current.runtime.limits, None)
        raise unauthenticated() from None
    count(current.runtime.limits, caller.member_id)
    return caller


Caller = Annotated[Principal, Depends(_member)]
"""Who is logged in; the request counts as one of theirs."""


async def _anybody(current: Current) -> None:
    count(current.runtime.limits, None)


Anybody = Depends(_anybody)
"""For what needs no log-in: the request counts among those of all such."""


async def _administrator(caller: Caller) -> Principal:
    if caller.role != "admin":
        raise ProblemError(403, "administrators-only", "Ask an administrator.")
    return caller


Administrator = Annotated[Principal, Depends(_administrator)]


async def _operator(
    credentials: Annotated[
        HTTPAuthorizationCredentials | None,
        Depends(HTTPBearer(auto_error=False, scheme_name="operator")),
    ],
    resources: AppResources,
) -> None:
    if not is_operator(resources, credentials.credentials if credentials else ""):
        raise unauthenticated()


Operator = Depends(_operator)


def is_operator(resources: Resources, token: str) -> bool:
    """Tell whether a token is the operator's; there may be none."""
    expected = resources.settings.admin_token
    return expected is not None and secrets.compare_digest(
        token.encode(), expected.get_secret_value().encode()
    )


def unauthenticated() -> ProblemError:
    """Return the problem of missing or wrong credentials; it does not say which."""
    return ProblemError(
        401,
        "unauthenticated",
        "Log in, and send the token as a bearer token.",
        headers={"WWW-Authenticate": "Bearer"},
    )


async def page_size(
    resources: Resources, current: CurrentTenant, limit: int | None
) -> int:
    """Return how many items a list shall have, as asked for or as configured."""
    if limit is not None:
        return limit
    return (await resources.configuration_of(current.tenant)).page_size
