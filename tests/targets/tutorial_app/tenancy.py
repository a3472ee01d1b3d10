"""Which tenant a request belongs to, and how a tenant comes to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.responses import JSONResponse
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from starlette.middleware.base import BaseHTTPMiddleware

from tests.targets.tutorial_app.database import (
    TenantBase,
    create_shared_tables,
    new_engine,
)
from tests.targets.tutorial_app.logs import current, logger
from tests.targets.tutorial_app.models import Organisation, Tenant, User
from tests.targets.tutorial_app.security import password_hash

if TYPE_CHECKING:
    from starlette.middleware.base import RequestResponseEndpoint
    from starlette.requests import Request
    from starlette.responses import Response

PUBLIC_PATHS = {"/health", "/docs", "/openapi.json"}


class TenantMiddleware(BaseHTTPMiddleware):
    """Look the tenant up by Host and store it on the request."""

    async def dispatch(
        self, request: Request, call_next: RequestResponseEndpoint
    ) -> Response:
        """Find the tenant, then let the app answer."""
        if request.url.path in PUBLIC_PATHS:
            return await call_next(request)

        host = request.headers.get("host", "").split(":")[0]
        engine = new_engine()
        db = Session(engine)
        tenant = db.scalar(select(Tenant).where(Tenant.host == host))
        if tenant is None:
            return JSONResponse({"detail": "Unknown tenant"}, status_code=404)

        request.state.engine = engine
        request.state.tenant = tenant
        current.tenant = tenant.name
        try:
            logger.info("%s %s", request.method, request.url.path)
            response = await call_next(request)
            logger.info(
                "%s %s -> %s", request.method, request.url.path, response.status_code
            )
            return response
        finally:
            current.tenant = None


def create_tenant(name: str, host: str, email: str, password: str) -> None:
    """Create a tenant with its schema, its settings and its first user.

    Args:
        name: A short name in lower case, such as ``acme``; also the schema's name.
        host: The host name under which the tenant is served, without a port.
        email: What the first user logs in with.
        password: The first user's password.
    """
    create_shared_tables()
    with Session(new_engine()) as db:
        db.execute(text(f'CREATE SCHEMA "{name}"'))
        db.execute(text(f"SET search_path TO {name}"))
        TenantBase.metadata.create_all(db.connection())
        db.add(Tenant(name=name, host=host))
        db.add(Organisation(display_name=name))
        db.add(User(email=email, password_hash=password_hash.hash(password)))
        db.commit()
