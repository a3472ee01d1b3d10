"""Prepared requests: what tenants can ask of the app, as data that needs no app.

A prepared request is written once for all tenants. Where tenants, objects or
repetitions differ it has a *blank*: a run of letters that no encoding changes, which
whoever sends the request replaces by a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from harness.model.event import Audience, Channel

BlankKind = Literal[
    "text",
    "email",
    "url",
    "uuid",
    "integer",
    "reference",
    "key",
    "parameter",
    "fact",
    "token",
]
WORD: Final = "{word}"
"""Stands for a canary in the address that a ``url`` blank is filled with."""


@dataclass(frozen=True, slots=True)
class Blank:
    """A place in a prepared request that is filled when it is sent.

    Attributes:
        mark: The letters that stand for it.
        kind: What fills it. ``text``, ``email``, ``url``, ``uuid`` and ``integer``: a
            canary of the tenant in that form; ``reference``: the last key of one of
            its objects; ``key``: a key of the object that the path names;
            ``parameter``: a path parameter that selects the tenant; ``fact``: a value
            of the tenant's, such as its e-mail address; ``token``: the credential of
            its user, without its scheme.
        number: Of a canary its field; of a key its place, outermost first.
        name: Of a parameter or fact; of a reference the kind of the object; of a
            ``url`` the address, with `WORD` for the canary.
        default: What to write if nothing fits.
        max_length: Most characters; 0 for any number.
        bare: Whether it stands for a JSON number, so that its quotes go.
    """

    mark: str
    kind: BlankKind
    number: int = 0
    name: str = ""
    default: str = ""
    max_length: int = 0
    bare: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A request that worked when the world was made.

    Attributes:
        operation: Key of the operation, ``"GET /documents/{document_id}"``.
        audience: Whom the operation is meant for.
        channel: What a success comes through.
        method: Upper case; ``WEBSOCKET`` for a socket.
        target: Path and query as on the request line, after any prefix.
        headers: Lower-case names, without those of identities.
        body: One character per byte (Latin-1); of a socket what is said once it is
            open, as a JSON list.
        content_type: Of the body; "" for none.
        blanks: The places to fill.
        needs: Kind of the object that fills the path; "" if none does.
        yields: Kind of the object that a success creates; "" if none.
        deletes: Whether a success ends the object that fills the path.
        key_name: Name of the path parameter that takes a created object's key.
        key_mark: Blank that is itself that key; "" where the answer tells it.
        endless: Whether what it opens goes on: a stream without an end, or a socket.
        by_header: Whether the credential goes with the headers.
    """

    operation: str
    audience: Audience = Audience.TENANT
    channel: Channel = Channel.BODY
    method: str = "GET"
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = field(default="", repr=False)
    content_type: str = ""
    blanks: tuple[Blank, ...] = ()
    needs: str = ""
    yields: str = ""
    deletes: bool = False
    key_name: str = ""
    key_mark: str = ""
    endless: bool = False
    by_header: bool = True

    @property
    def mutates(self) -> bool:
        """Whether it may change something."""
        return self.method not in {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True, slots=True)
class Entry:
    """How a tenant's user logs in again.

    Attributes:
        request: The request; its blanks are facts.
        token: Dotted path to the token in the answer; "" for cookies.
        header: Header that carries the token.
        scheme: Put before the token; "" for none.
    """

    request: Prepared
    token: str
    header: str
    scheme: str


@dataclass(frozen=True, slots=True)
class Address:
    """What selects a tenant.

    Attributes:
        host: Value of the Host header.
        headers: Further headers.
        prefix: Put before the path, percent-encoded.
        parameters: Values of path parameters by name.
    """

    host: str
    headers: tuple[tuple[str, str], ...] = ()
    prefix: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
