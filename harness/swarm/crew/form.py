"""A prepared request, ready to be filled many times a second."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final
from urllib.parse import quote, quote_plus

from harness.model.prepared import WORD
from harness.target import keys as keys_in
from harness.target.media import FORM, is_json, plain
from harness.target.routes import collection_name

if TYPE_CHECKING:
    from harness.model.prepared import Blank, Prepared
    from harness.swarm.crew.account import Account
    from harness.swarm.crew.reply import Reply

Keys = tuple[str, ...]
_Parts = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A request, ready to send.

    Attributes:
        path: After the host: prefix, path and query.
        headers: All but those of identities.
        body: None for none.
        values: What each blank was filled with.
    """

    path: str
    headers: Mapping[str, str]
    body: bytes | None
    values: tuple[str, ...]


@final
class Form:
    """A prepared request, taken apart at its blanks.

    Attributes:
        prepared: What it was made from.

    Args:
        prepared: The request.
    """

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self._blanks = prepared.blanks
        self._target = self._parts(prepared.target)
        self._headers = tuple(
            (name, self._parts(value)) for name, value in prepared.headers
        )
        bare = {blank.mark for blank in prepared.blanks if blank.bare}
        json_like = is_json(prepared.content_type)
        self._body = self._parts(prepared.body, bare=bare if json_like else set())
        self._encode = _encoder(prepared.content_type)
        self._numbers = {blank.mark: i for i, blank in enumerate(prepared.blanks)}

    def write(self, account: Account, keys: Keys, unique: str) -> Written:
        """Fill the blanks.

        Args:
            account: The tenant that asks.
            keys: Of the object that the path names.
            unique: Digits that nothing else written by this run ends in.
        """
        values = tuple(_value(blank, account, keys, unique) for blank in self._blanks)
        headers = {name: _joined(parts, values, str) for name, parts in self._headers}
        if self.prepared.content_type:
            headers["content-type"] = self.prepared.content_type
        body = None
        if self._body:
            text = _joined(self._body, values, self._encode)
            body = text.encode("latin-1", "replace")
        elif self.prepared.method in {"POST", "PUT", "PATCH"}:
            body = b""
        path = _joined(self._target, values, _in_url)
        return Written(account.address.prefix + path, headers, body, values)

    def key_of(self, written: Written) -> str:
        """Return the key that a request itself gave its object; "" if none."""
        number = self._numbers.get(self.prepared.key_mark)
        return "" if number is None else written.values[number]

    def key_from(self, reply: Reply) -> str:
        """Return the key that an answer gives the object it made; "" if none."""
        kind, name = self.prepared.yields, self.prepared.key_name
        location = keys_in.from_location(reply.header("location"), kind)
        if location:
            return location
        try:
            body = json.loads(reply.body)
        except ValueError:
            return ""
        found = keys_in.from_body(body, name, collection_name(kind), many=False)
        return found[0] if found else ""

    def _parts(self, text: str, *, bare: set[str] | None = None) -> _Parts:
        """Split a text into what stays and the numbers of the blanks between."""
        numbers: dict[str, int] = {}
        for number, blank in enumerate(self._blanks):
            if bare and blank.mark in bare:
                numbers[f'"{blank.mark}"'] = number
            numbers[blank.mark] = number
        if not numbers:
            return (text,) if text else ()
        longest_first = sorted(numbers, key=len, reverse=True)
        marks = "|".join(map(re.escape, longest_first))
        pieces = re.split(f"({marks})", text)
        return tuple(numbers.get(piece, piece) for piece in pieces if piece)


def _joined(
    parts: _Parts, values: tuple[str, ...], encode: Callable[[str], str]
) -> str:
    return "".join(
        part if isinstance(part, str) else encode(values[part]) for part in parts
    )


def _value(blank: Blank, account: Account, keys: Keys, unique: str) -> str:
    """Return what fills a blank, not yet encoded."""
    match blank.kind:
        case "key":
            value = keys[blank.number] if blank.number < len(keys) else ""
        case "parameter":
            value = account.address.parameters.get(blank.name, "")
        case "fact":
            value = account.tenant.fill(f"{{{blank.name}}}")
        case "reference":
            value = account.reference(blank.name)
        case "uuid":
            value = str(uuid.uuid4())
        case "integer":
            value = account.integer(blank.number)
        case "token":
            value = account.bare_token()
        case _:
            value = _canary(blank, account.token(blank.number), unique)
    return value or blank.default


def _canary(blank: Blank, token: str, unique: str) -> str:
    if blank.kind == "email":
        return f"{token}{unique}@example.com"
    if blank.kind == "url":
        return blank.name.replace(WORD, f"{token}{unique}")
    return _text(blank, token, unique)


def _text(blank: Blank, token: str, unique: str) -> str:
    """Return a canary that no two texts share, where there is room for that."""
    longest = blank.max_length or len(token) + len(unique)
    text = token + unique if len(token) + len(unique) <= longest else token
    # A mark that is longer than others was made so for a text that must be.
    return text.ljust(min(len(blank.mark), longest), "0") if _long(blank) else text


_MARK: Final = 11
"""Letters of a mark that nothing made longer."""


def _long(blank: Blank) -> bool:
    return len(blank.mark) > _MARK


def _in_url(value: str) -> str:
    if value and not value.strip("."):
        # Clients and servers walk up at "." and ".." (RFC 3986, 5.2.4).
        return value.replace(".", "%2E")
    return quote(value, safe="")


def _encoder(content_type: str) -> Callable[[str], str]:
    if is_json(content_type):
        return lambda value: json.dumps(value)[1:-1]
    if plain(content_type) == FORM:
        return quote_plus
    # Bodies are kept as one character per byte.
    return lambda value: value.encode().decode("latin-1")
