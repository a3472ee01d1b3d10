"""Calls: requests before they are sent, and what their answers ask for."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from harness.hosting.hosted import Request, Response
from harness.model.event import Audience
from harness.model.step import Principal, Role


@dataclass(frozen=True, slots=True)
class Call:
    """A request before it is sent.

    Attributes:
        method: Upper case.
        path: As on the request line, percent-encoded.
        query: Name and value pairs.
        headers: Lower-case names.
        host: Value of the Host header.
        body: Bytes.
        content_type: Of the body; "" for none.
        secrets: Further query pairs, which no record shows.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    host: str = "localhost"
    body: bytes = field(default=b"", repr=False)
    content_type: str = ""
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def target(self) -> str:
        """Path and query as they go onto the request line."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an exchange stands for, beside its bytes.

    Attributes:
        scraped: Whether its answer is a page of metrics.
        starved: Tenant whose key at the model provider is used up meanwhile.
    """

    operation: str
    principal: Principal
    role: Role
    audience: Audience = Audience.TENANT
    mutates: bool = False
    owner: int | None = None
    precedes: int = 0
    follows: int = 0
    scraped: bool = False
    starved: int | None = None


def written(call: Call) -> Request:
    """Return a call as the request that is sent."""
    headers = [("host", call.host), ("accept", "*/*"), *call.headers]
    if call.content_type:
        headers.append(("content-type", call.content_type))
    if call.body or call.method in {"POST", "PUT", "PATCH"}:
        headers.append(("content-length", str(len(call.body))))
    encoded = tuple((n.encode("latin-1"), v.encode("utf-8")) for n, v in headers)
    return Request(call.method, call.target, encoded, call.body)


def mended_slash(call: Call, response: Response) -> Call | None:
    """Return the call at the other spelling of its path, if told to go there."""
    location = response.header(b"location")
    if response.status not in {301, 302, 307, 308} or not location:
        return None
    path, mark, query = call.path.partition("?")
    there = urlsplit(urljoin(f"http://{call.host}{path}", location))
    if there.hostname != urlsplit(f"http://{call.host}").hostname:
        return None
    # Servers write the path of a redirect as they decoded it.
    one, other = unquote(path), unquote(there.path)
    if one == other or one.rstrip("/") != other.rstrip("/"):
        return None
    slash = "/" if there.path.endswith("/") else ""
    return replace(call, path=f"{path.rstrip('/')}{slash}{mark}{query}")


def retry_after(response: Response) -> float:
    """Return the seconds that an answer asks to wait; 1 where it does not say."""
    value = response.header(b"retry-after")
    try:
        return max(0.05, float(value))
    except ValueError:
        pass
    try:
        return max(0.05, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return 1.0
