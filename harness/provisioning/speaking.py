"""Speaking: how a socket's credential goes along, and what is said on it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.target.socket import with_token

if TYPE_CHECKING:
    from harness.model.world import Access
    from harness.provisioning.calls import Call
    from harness.target.socket import Socket


def spoken(socket: Socket, call: Call, access: Access) -> tuple[Call, tuple[str, ...]]:
    """Return the handshake of a socket and what is said after it.

    Args:
        socket: What the target says of it.
        call: The composed request, whose body lists what is said.
        access: What authenticates; its first header's value is the token.
    """
    said = json.loads(call.body) if call.body else []
    token = _token(access)
    plain, secret = {}, {}
    for name, template in socket.query.items():
        filled = with_token(template, token)
        if filled == template:
            plain[name] = template
        elif token:
            secret[name] = filled
    if socket.first is not None and (token or socket.by_header):
        said = [with_token(socket.first, token), *said]
    call = replace(
        call,
        query=(*call.query, *plain.items()),
        secrets=tuple(secret.items()),
    )
    return call, tuple(map(_text, said))


def _text(message: object) -> str:
    return message if isinstance(message, str) else json.dumps(message)


def _token(access: Access) -> str:
    """Return the credential without the scheme before it."""
    for _, value in access.headers:
        return value.rpartition(" ")[2]
    return ""
