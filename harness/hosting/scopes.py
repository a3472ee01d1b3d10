"""What an app in this process is told of a request, as a server would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from harness.hosting.asgi import Scope
from harness.hosting.hosted import Request

_SERVER: Final = ("127.0.0.1", 80)
_CLIENT: Final = ("127.0.0.1", 50_000)


def http_scope(request: Request, state: Mapping[str, Any]) -> Scope:
    """Return the scope of an HTTP request; the lifespan's state is copied into it."""
    return {
        **_connection(request, state),
        "type": "http",
        "scheme": "http",
        "method": request.method,
    }


def socket_scope(request: Request, state: Mapping[str, Any]) -> Scope:
    """Return the scope of a WebSocket; the lifespan's state is copied into it."""
    return {
        **_connection(request, state),
        "type": "websocket",
        "scheme": "ws",
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }


def _connection(request: Request, state: Mapping[str, Any]) -> Scope:
    raw_path, _, query = request.target.partition("?")
    return {
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": _SERVER,
        "client": _CLIENT,
        "root_path": "",
        "path": unquote(raw_path) if "%" in raw_path else raw_path,
        "raw_path": raw_path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "headers": list(request.headers),
        "state": dict(state),
    }
