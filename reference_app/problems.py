"""Errors as problem documents (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Scope
from starlette.websockets import WebSocketClose

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What went wrong."""

    type: str = Field(description="Identifies the kind of problem.")
    title: str = Field(description="Says the kind of problem in words.")
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="Says what to do about this occurrence.")


class InvalidField(BaseModel):
    """One value that was not accepted. It is not repeated here."""

    location: str
    message: str


class ValidationProblem(Problem):
    """Which parts of the request were not accepted."""

    errors: list[InvalidField]


class ProblemError(Exception):
    """An error that the client is told about.

    Args:
        status: HTTP status code.
        kind: The last part of the problem's `type`.
        detail: What the client can do; holds no data of a tenant.
        headers: Sent with the answer.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = headers

    def response(self) -> Response:
        """Render the problem document."""
        problem = Problem(
            type=f"urn:problem:{self.kind}",
            title=self.kind.replace("-", " ").capitalize(),
            status=self.status,
            detail=self.detail,
        )
        return _render(problem, self.headers)

    def answer(self, scope: Scope) -> ASGIApp:
        """Return what answers a request, or a WebSocket's handshake, with it.

        A server that lacks the extension for answering a handshake is told to
        close the socket: the client then sees a 403 and no reason.
        """
        extensions = scope.get("extensions") or {}
        if scope["type"] == "websocket" and "websocket.http.response" not in extensions:
            return WebSocketClose(1008, self.kind)
        return self.response()


def unavailable(kind: str, detail: str, *, retry_after: int) -> ProblemError:
    """Return a problem that passes by itself; `retry_after` is in seconds."""
    headers = {"Retry-After": str(retry_after)}
    return ProblemError(503, kind, detail, headers=headers)


def not_found(what: str) -> ProblemError:
    """Return the problem of something that this tenant does not have."""
    return ProblemError(404, f"{what}-not-found", f"There is no such {what} here.")


def internal() -> ProblemError:
    """Return the problem of a bug of ours; the log has the details."""
    return ProblemError(500, "internal-error", "It is our fault, and is in our log.")


_DESCRIPTIONS = {
    400: "The body cannot be read",
    401: "No credentials, or wrong ones",
    403: "The tenant is suspended, or the member's role does not suffice",
    404: "There is no such object, or no tenant on this domain",
    409: "It clashes with something that exists",
    422: "Values that are not accepted",
    429: "Too much at once; Retry-After says when to come back",
    500: "A failure of the service",
    503: "Not ready; Retry-After says when to come back",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare error responses, in the shape of FastAPI's `responses`."""
    return {
        status: {
            "model": ValidationProblem if status == 422 else Problem,
            "description": _DESCRIPTIONS[status],
        }
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Make every error of the app a problem document."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid)


def _render(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        problem.model_dump_json(),
        status_code=problem.status,
        headers=dict(headers) if headers else None,
        media_type=MEDIA_TYPE,
    )


async def _on_problem(request: Request, error: Exception) -> Response:
    # Of a WebSocket too; Starlette calls what it gets, response or not.
    return cast("Response", cast("ProblemError", error).answer(request.scope))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    raised = cast("HTTPException", error)
    status = HTTPStatus(raised.status_code)
    kind = status.phrase.lower().replace(" ", "-")
    problem = ProblemError(status, kind, status.description, headers=raised.headers)
    return problem.response()


async def _on_invalid(request: Request, error: Exception) -> Response:
    errors = [
        InvalidField(
            location=".".join(str(part) for part in one["loc"]), message=one["msg"]
        )
        for one in cast("RequestValidationError", error).errors()
    ]
    return _render(
        ValidationProblem(
            type="urn:problem:invalid-request",
            title="Invalid request",
            status=422,
            detail="Correct the values named in `errors`.",
            errors=errors,
        )
    )
