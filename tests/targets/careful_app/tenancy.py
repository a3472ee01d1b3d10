"""Which tenant a request belongs to, and how a tenant comes to be."""

from __future__ import annotations

import secrets

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateSchema
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.targets.careful_app.database import (
    TenantBase,
    create_shared_tables,
    enter_schema,
    new_engine,
)
from tests.targets.careful_app.logs import current_tenant, logger
from tests.targets.careful_app.models import Organisation, Tenant, User
from tests.targets.careful_app.security import password_hash

PUBLIC_PATHS = frozenset({"/health", "/docs", "/openapi.json"})


def find_tenant(engine: Engine, host: str) -> Tenant | None:
    """Return the tenant that is served under a host name."""
    with Session(engine) as db:
        return db.scalar(select(Tenant).where(Tenant.host == host))


class TenantMiddleware:
    """Look the tenant up by Host; store it on the request and in the context."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer for the tenant, or answer 404."""
        if scope["type"] != "http" or scope["path"] in PUBLIC_PATHS:
            await self.app(scope, receive, send)
            return

        request = Request(scope)
        host = request.headers.get("host", "").split(":")[0].lower()
        async with request.state.admission:
            tenant = await run_in_threadpool(find_tenant, request.state.engine, host)
            if tenant is None:
                answer = JSONResponse({"detail": "Unknown tenant"}, status_code=404)
                await answer(scope, receive, send)
                return
            request.state.tenant = tenant
            previous = current_tenant.set(tenant.name)
            try:
                await self.app(scope, receive, log_status(request, send))
            finally:
                current_tenant.reset(previous)


def log_status(request: Request, send: Send) -> Send:
    """Wrap ``send`` so that the status of the answer is logged."""

    async def send_and_log(message: Message) -> None:
        if message["type"] == "http.response.start":
            path, status = request.url.path, message["status"]
            logger.info("%s %s -> %s", request.method, path, status)
        await send(message)

    return send_and_log


def create_tenant(name: str, host: str, email: str, password: str) -> None:
    """Create a tenant with its schema, its settings and its first user.

    Args:
        name: What the tenant is called; any text.
        host: The host name under which the tenant is served, without a port.
        email: What the first user logs in with.
        password: The first user's password.
    """
    engine = new_engine()
    try:
        create_shared_tables(engine)
        with Session(engine) as db:
            key = secrets.token_hex(32)
            tenant = Tenant(name=name, host=host.lower(), token_key=key)
            db.add(tenant)
            db.flush()
            db.execute(CreateSchema(tenant.schema))
            enter_schema(db.connection(), tenant.schema, transaction=True)
            TenantBase.metadata.create_all(db.connection())
            db.add(Organisation(display_name=name))
            db.add(User(email=email, password_hash=password_hash.hash(password)))
            db.commit()
    finally:
        engine.dispose()
