"""An app in bare ASGI that answers in uncommon ways."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote

import brotli
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.provisioning.apps.watching import Watched

Headers = list[tuple[bytes, bytes]]


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


CODINGS = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "deflate": zlib.compress,
    "raw": raw_deflate,
    "broken": lambda data: b"not gzip " + data,
    "none": lambda data: data,
}


class Answers:
    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        self._counts[path] += 1
        headers = dict(scope["headers"])
        body = (await receive()).get("body", b"")
        told = headers.get(b"x-told", b"").decode()
        first, _, rest = path.strip("/").partition("/")
        if first == "drop" and self._counts[path] <= int(rest):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            return
        if first == "hang":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        status, more, content = self._answer(scope, first, rest, told, body)
        sent = [(name.encode(), value.encode()) for name, value in more.items()]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": content})

    def _answer(
        self, scope: Scope, first: str, rest: str, told: str, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        path = scope["path"]
        if first == "status":
            return int(rest), {}, told.encode()
        if first in {"to", "slash"} and not path.endswith("/"):
            # As Starlette writes it: the path is decoded, then quoted.
            moved = told if first == "to" else f"http://{told}{path}/"
            return int(rest[:3]), {"location": quote(moved, safe=":/%#?=&")}, b""
        if first == "coded":
            coding = {"raw": "deflate", "broken": "gzip", "none": ""}.get(rest, rest)
            return 200, {"content-encoding": coding}, CODINGS[rest](told.encode())
        if first == "headed":
            return 200, {"x-one": told, "x-two": "nothing"}, b""
        if first == "busy" and (self._counts[path] <= 2 or rest == "endless"):
            return 429, {"retry-after": _after(rest)}, b""
        echoed = {"method": scope["method"], "body": body.decode()}
        return 200, {}, json.dumps(echoed).encode()


def _after(kind: str) -> str:
    soon = datetime.now(UTC) + timedelta(seconds=1)
    known = {"seconds": "0.1", "date": format_datetime(soon, usegmt=True)}
    return known.get(kind, "3600")


def create() -> ASGIApp:
    return Watched(Answers())
