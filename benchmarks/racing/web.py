"""Planted races, and a twin, that need a web framework."""

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from benchmarks.racing.program import Actor, Program


class Web(Program):
    """Two tenants' requests to an app, one of them held up before it gets there."""

    tenants = ("a", "b")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._app = self.app()

    def app(self) -> Any:
        """Return an ASGI app that answers with the tenant it took it for."""
        raise NotImplementedError

    def actors(self) -> Sequence[Actor]:
        one, other = self.tenants
        return [
            lambda: self.guarded(self.get(one)),
            lambda: self.guarded(self.get(other, late=2)),
        ]

    async def get(self, tenant: str, *, late: int = 0) -> None:
        """Ask as a tenant's member, and expect the tenant's answer."""
        await self.wait(late)
        sent = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message.get("body", b""))

        scope = {
            "type": "http",
            "http_version": "1.1",
            "scheme": "http",
            "method": "GET",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"x-tenant", tenant.encode())],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        await self._app(scope, receive, send)
        self.expect(b"".join(sent) == tenant.encode(), "another tenant's")


class HttpMiddleware(Web):
    """A `BaseHTTPMiddleware` keeps the tenant in the app's state."""

    def app(self) -> Any:
        async def tenant_set(request: Request, go_on: RequestResponseEndpoint) -> Any:
            request.app.state.tenant = request.headers["x-tenant"]
            return await go_on(request)

        async def answer(request: Request) -> Response:
            await self.database.elsewhere()
            return PlainTextResponse(request.app.state.tenant)

        layer = Middleware(BaseHTTPMiddleware, dispatch=tenant_set)
        return Starlette(routes=[Route("/", answer)], middleware=[layer])


class HttpMiddlewareContext(Web):
    """The same with a context variable, which is each request's own."""

    correct = True

    def app(self) -> Any:
        current: ContextVar[str] = ContextVar("tenant")

        async def tenant_set(request: Request, go_on: RequestResponseEndpoint) -> Any:
            current.set(request.headers["x-tenant"])
            return await go_on(request)

        async def answer(request: Request) -> Response:
            await self.database.elsewhere()
            return PlainTextResponse(current.get())

        layer = Middleware(BaseHTTPMiddleware, dispatch=tenant_set)
        return Starlette(routes=[Route("/", answer)], middleware=[layer])


class SyncDependency(Web):
    """A dependency that is no coroutine checks, in a thread; the endpoint sets."""

    tenants = ("a", "a")

    def app(self) -> Any:
        app = FastAPI(openapi_url=None)

        def is_missing(request: Request) -> bool:
            return request.headers["x-tenant"] not in self.pools

        @app.get("/")
        async def answer(
            request: Request, missing: Annotated[bool, Depends(is_missing)]
        ) -> Response:
            tenant = request.headers["x-tenant"]
            if missing:
                self.pools[tenant] = await self.make(tenant)
            await self.use(self.pools[tenant], tenant)
            return PlainTextResponse(tenant)

        return app
