"""Finding canaries in bytes, whatever was done to them on the way."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, final

from harness.model import archives, encodings
from harness.model.canary import (
    PREFIX,
    TOKEN_LENGTH,
    TOKEN_LETTERS,
    TOKEN_RATE,
    UUID_RATE,
    CanaryKey,
)
from harness.model.compression import FIRST_BYTES, open_body
from harness.model.framing import woven
from harness.model.planted import SHORTEST_STEM, Owner, Planted

_PREFIX: Final = PREFIX.encode()
_TOKEN: Final = re.compile(rb"%b[a-z]{%d}" % (_PREFIX, TOKEN_LETTERS))
_TOKEN_OR_STEM: Final = re.compile(
    rb"%b[a-z]{%d,%d}" % (_PREFIX, SHORTEST_STEM, TOKEN_LETTERS)
)
_INTEGER: Final = re.compile(rb"2[01][0-9]{8}")
_WHOLE_INTEGER: Final = re.compile(rb"(?<![0-9.])[0-9]{10}(?![0-9]|\.[0-9])")
_EXCERPT: Final = 80
_REMEMBERED: Final = 65_536
_ESCAPES: Final = (
    (b"%", "percent", encodings.unescape_percent),
    (b"\\", "json", encodings.unescape_json),
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A canary that was found.

    Args:
        owner: Index of the tenant that it belongs to.
        field: The field that it belongs to.
        form: How it was written: "literal", "case" (letters changed case),
            "percent", "json" (unicode escapes), "hex", "base64", "uuid",
            "integer", "truncated", "md5", "sha1", "sha256"; with what it was
            inside of in front, as in "gzip+literal" or "percent+case".
        rate: Probability that data with as many candidates yields such a hit by
            chance; around 2^-40 for whatever decodes, much more for "truncated"
            and "integer".
        excerpt: At most 80 printable characters around it.
    """

    owner: int
    field: int
    form: str
    rate: float
    excerpt: str


_Found = dict[tuple[int, int, str], Hit]


@final
class Scanner:
    """Finds the canaries of one key.

    Whole tokens and UUIDs prove themselves; cut-off tokens, integers and digests
    are found only if they belong to a planted canary.

    Attributes:
        key: The key of the run.

    Args:
        key: The key of the run.
        planted: Tenant and field of the canaries that were planted.
        sparing: Whether to look for UUIDs and integers only from when `plant` was
            told of one; most apps are never given any, and each look costs a µs.
    """

    def __init__(
        self, key: CanaryKey, planted: Iterable[Owner] = (), *, sparing: bool = False
    ) -> None:
        self.key = key
        self._looked_for = set() if sparing else {"uuid", "integer"}
        self._planted = Planted(key)
        self._owners: dict[bytes, Owner | None] = {}
        self._lead = key.uuid_lead().encode()
        self._uuid = re.compile(
            self._lead + rb"(?P<dash>-?)[0-9a-f]{4}(?P=dash)4[0-9a-f]{3}"
            rb"(?P=dash)[89ab][0-9a-f]{3}(?P=dash)[0-9a-f]{12}"
        )
        self._cut_inputs = 0
        for tenant, field in planted:
            self.plant(tenant, field)

    @property
    def cut_inputs(self) -> int:
        """How many inputs so far were compressed and not read to their end.

        They were longer than `compression.LIMIT`, damaged, or in a coding that
        cannot be opened; what could be had of them was scanned. Archives count too.
        """
        return self._cut_inputs

    @property
    def planted(self) -> tuple[Owner, ...]:
        """Tenant and field of each canary that was planted."""
        return self._planted.owners

    @property
    def forms(self) -> frozenset[str]:
        """The forms that canaries were planted in: text, uuid, integer."""
        return frozenset(self._looked_for)

    def plant(self, tenant: int, field: int, *, form: str = "text") -> None:
        """Note that this canary was planted; once is enough.

        Args:
            tenant: Its owner.
            field: Its field.
            form: ``text``, ``uuid`` or ``integer``.
        """
        self._looked_for.add(form)
        self._planted.add(tenant, field)

    def plant_number(self, value: int, tenant: int, field: int) -> None:
        """Note that a tenant was told a number that is not minted, but as telling.

        Args:
            value: In the range of the integer canaries, and not to be guessed.
            tenant: Who was told.
            field: What it says.
        """
        self._looked_for.add("integer")
        self._planted.add_number(value, tenant, field)

    def literal(self, data: bytes) -> tuple[Hit, ...]:
        """Whole tokens just as they were minted: the fast pass."""
        match = _TOKEN.search(data)
        if match is None:
            return ()
        found: _Found = {}
        rate = TOKEN_RATE * data.count(_PREFIX)
        while match is not None:
            owner = self._owner_of(match[0])
            if owner:
                _note(found, owner, "literal", rate=rate, data=data, span=match.span())
            # What only looks like a token may hide the start of a real one.
            match = _TOKEN.search(data, match.end() if owner else match.start() + 1)
        return tuple(found.values())

    def scan(self, data: bytes, content_encoding: str = "") -> tuple[Hit, ...]:
        """Canaries in every form, each (owner, field, form) once.

        A form that only repeats what a simpler one shows is left out: a token
        that reads the same without unescaping is not also "percent", and one
        that is also there in full is not also "truncated".

        Args:
            data: A body as it was sent.
            content_encoding: Value of the header of that name. Gzip, zlib and
                zip archives are recognised without it, brotli is not.
        """
        if not content_encoding and data[:1] not in FIRST_BYTES:
            plain = self._unpacked(data)
            return _strongest(plain) if plain else ()
        opened = open_body(data, content_encoding)
        found = self._unpacked(opened.data)
        if opened.coding:
            found = _inside(opened.coding, found)
        if not opened.complete:
            self._cut_inputs += 1
            if opened.data is not data:
                found |= self._content(data)
        return _strongest(found) if found else ()

    def scan_text(self, text: str) -> tuple[Hit, ...]:
        """`scan` for a header, a log line, an error message."""
        return self.scan(text.encode("utf-8", "surrogatepass"))

    def _unpacked(self, data: bytes) -> _Found:
        """What is in uncompressed data, and in its members if it is an archive."""
        found = self._content(data)
        if not data.startswith(archives.FIRST_BYTES):
            return found
        try:
            for member in archives.members(data):
                found |= _inside("zip", self._content(member))
        except archives.Unfinished:
            self._cut_inputs += 1
        return found

    def scan_messages(self, messages: Iterable[bytes]) -> tuple[Hit, ...]:
        """Canaries in messages that belong together, also where several tell one.

        Args:
            messages: Of one stream, in order.
        """
        texts = list(messages)
        found: _Found = {}
        for text in (*texts, *woven(texts)):
            news = self._content(text)
            found |= {key: hit for key, hit in news.items() if key not in found}
        return _strongest(found) if found else ()

    def _content(self, data: bytes) -> _Found:
        """What is in uncompressed data, escaped or not."""
        found = self._plain(data)
        for mark, name, unescape in _ESCAPES:
            unescaped = unescape(data) if mark in data else None
            if unescaped is not None:
                shown = self._plain(unescaped)
                news = {key: hit for key, hit in shown.items() if key not in found}
                found |= _inside(name, news)
        return found

    def _plain(self, data: bytes) -> _Found:
        """What is in data as it stands."""
        found: _Found = {}
        lowered = data.lower()
        if _PREFIX in lowered and _TOKEN_OR_STEM.search(lowered) is not None:
            self._find_tokens(data, lowered, found)
        if "uuid" in self._looked_for and self._lead in lowered:
            self._find_uuids(data, lowered, found)
        if encodings.LONG_RUN in data.translate(encodings.RUNS):
            self._find_encoded(data, lowered, found)
            self._find_digests(data, lowered, found)
        if "integer" in self._looked_for and _INTEGER.search(data) is not None:
            self._find_integers(data, found)
        return found

    def _find_tokens(self, data: bytes, lowered: bytes, found: _Found) -> None:
        stems: list[tuple[str, int, int]] = []
        rate = TOKEN_RATE * lowered.count(_PREFIX)
        match = _TOKEN_OR_STEM.search(lowered)
        while match is not None:
            start, end = match.span()
            owner = None
            if end - start == TOKEN_LENGTH:
                owner = self._owner_of(match[0])
                if owner:
                    form = "literal" if data[start:end] == match[0] else "case"
                    _note(found, owner, form, rate=rate, data=data, span=(start, end))
            else:
                stems.append((match[0][len(_PREFIX) :].decode(), start, end))
            match = _TOKEN_OR_STEM.search(lowered, end if owner else start + 1)
        for stem, start, end in stems:
            owner = self._planted.by_stem(stem)
            if owner:
                alike = sum(len(other) >= len(stem) for other, _, _ in stems)
                rate = self._planted.stem_rate(len(stem), alike)
                _note(
                    found, owner, "truncated", rate=rate, data=data, span=(start, end)
                )

    def _find_uuids(self, data: bytes, lowered: bytes, found: _Found) -> None:
        rate = UUID_RATE * lowered.count(self._lead)
        for match in self._uuid.finditer(lowered):
            owner = self.key.decode_uuid(uuid.UUID(match[0].decode()))
            if owner:
                _note(found, owner, "uuid", rate=rate, data=data, span=match.span())

    def _find_encoded(self, data: bytes, lowered: bytes, found: _Found) -> None:
        for form, candidates in (
            ("hex", list(encodings.hex_candidates(lowered))),
            ("base64", list(encodings.base64_candidates(data))),
        ):
            for start, end, token in candidates:
                owner = self._owner_of(token)
                if owner:
                    rate = TOKEN_RATE * len(candidates)
                    _note(found, owner, form, rate=rate, data=data, span=(start, end))

    def _find_digests(self, data: bytes, lowered: bytes, found: _Found) -> None:
        if not self._planted:
            return
        candidates = list(encodings.digest_candidates(lowered))
        for start, end, digits in candidates:
            known = self._planted.by_digest(digits)
            if known:
                form, owner = known
                rate = self._planted.digest_rate(4 * len(digits), len(candidates))
                _note(found, owner, form, rate=rate, data=data, span=(start, end))

    def _find_integers(self, data: bytes, found: _Found) -> None:
        seen: dict[int, tuple[int, int]] = {}
        match = _INTEGER.search(data)
        while match is not None:
            start, end = match.span()
            if _WHOLE_INTEGER.match(data, start):
                seen[int(match[0])] = (start, end)
            match = _INTEGER.search(data, start + 1)
        for value, (start, end) in seen.items():
            owner = self._planted.by_integer(value)
            if owner:
                rate = self._planted.integer_rate(len(seen))
                _note(found, owner, "integer", rate=rate, data=data, span=(start, end))

    def _owner_of(self, token: bytes) -> Owner | None:
        """`CanaryKey.decode`, remembering: tokens come again and again."""
        try:
            return self._owners[token]
        except KeyError:
            pass
        if len(self._owners) >= _REMEMBERED:
            self._owners.clear()
        owner = self.key.decode(token.decode("latin-1"))
        self._owners[token] = owner
        return owner


def _note(
    found: _Found,
    owner: Owner,
    form: str,
    *,
    rate: float,
    data: bytes,
    span: tuple[int, int],
) -> None:
    key = (*owner, form)
    if key not in found:
        found[key] = Hit(*key, rate, _excerpt(data, *span))


def _excerpt(data: bytes, start: int, end: int) -> str:
    first = max(0, start - max(0, _EXCERPT - (end - start)) // 2)
    text = data[first : first + _EXCERPT].decode("utf-8", "replace")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "·" for char in text)


def _inside(wrapping: str, found: _Found) -> _Found:
    """The same hits, their form saying what they were inside of."""
    renamed: _Found = {}
    for hit in found.values():
        escaped = wrapping in ("percent", "json") and hit.form == "literal"
        form = wrapping if escaped else f"{wrapping}+{hit.form}"
        renamed[hit.owner, hit.field, form] = replace(hit, form=form)
    return renamed


def _strongest(found: _Found) -> tuple[Hit, ...]:
    """All hits but the cut-off tokens that are also there in full."""
    whole = {(hit.owner, hit.field) for hit in found.values() if not _is_cut(hit)}
    return tuple(
        hit
        for hit in found.values()
        if not _is_cut(hit) or (hit.owner, hit.field) not in whole
    )


def _is_cut(hit: Hit) -> bool:
    return hit.form.endswith("truncated")
