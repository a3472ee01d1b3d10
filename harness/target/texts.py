"""Strings of request data: which of them can hold a canary, and values for others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from harness.model.canary import PREFIX, TOKEN_LENGTH
from harness.target.alternatives import Schema, length, number
from harness.target.fits import fits_plain
from harness.target.leaves import Slot, SlotKind
from harness.target.media import JSON
from harness.target.naming import words
from harness.target.patterns import matches

UUID: Final = "00000000-0000-4000-8000-000000000000"

_FORMATS: Final[dict[str, tuple[SlotKind, int, str]]] = {
    "email": ("email", 30, "someone@example.com"),
    "idn-email": ("email", 30, "someone@example.com"),
    "iri": ("url", 48, "https://example.com/"),
    "uri": ("url", 48, "https://example.com/"),
    "uri-reference": ("url", 48, "https://example.com/"),
    "url": ("url", 48, "https://example.com/"),
    "uuid": ("uuid", 36, UUID),
}
"""Per format: the kind of slot, the longest that a filled one gets, a value."""

_FIXED: Final = {
    "base64": "c2FtcGxl",
    "base64url": "c2FtcGxl",
    "byte": "c2FtcGxl",
    "color": "#336699",
    "date": "2024-05-17",
    "date-time": "2024-05-17T10:20:30Z",
    "directory-path": "/tmp",  # noqa: S108 - a value that is only sent
    "duration": "P1D",
    "file-path": "/etc/hostname",
    "ipv4": "192.0.2.1",
    "ipv4interface": "192.0.2.1/24",
    "ipv4network": "192.0.2.0/24",
    "ipv6": "2001:db8::1",
    "ipvanyaddress": "192.0.2.1",
    "ipvanyinterface": "192.0.2.1/24",
    "ipvanynetwork": "192.0.2.0/24",
    "json-pointer": "/a",
    "json-string": "{}",
    "phone": "+16502530000",
    "regex": "a",
    "time": "10:20:30Z",
}
_URL: Final = frozenset({"callback", "uri", "url", "webhook"})
_MAIL: Final = frozenset({"email", "mail"})
_SAMPLES: Final = tuple(
    PREFIX + letters
    for letters in (
        "abcdefghijklmn",
        "opqrstuvwxyzaa",
        "zzzzzzzzzzzzzz",
        "bkuehgzqxwyvtm",
    )
)
"""Texts of a canary's shape, to try a pattern with."""

_ADDRESSES: Final = tuple(f"{sample}@example.com" for sample in _SAMPLES)
_LINKS: Final = tuple(f"http://127.0.0.1:49152/{sample}" for sample in _SAMPLES)
_LONGEST: Final = 10_000
"""Characters of a text beyond which a schema is not obeyed."""

Drawn = Callable[[str, int, int], str | None]
"""Draws a text for a pattern and its shortest and longest length."""


def known_format(schema: Schema) -> bool:
    """Whether a schema's format allows nothing that a canary could be part of."""
    return _format(schema) in _FIXED


def _format(schema: Schema) -> str:
    return str(schema.get("format"))


def text(
    schema: Schema, place: str, *, declared: object = None, draw: Drawn
) -> Slot | str:
    """Return what to send for a string.

    Args:
        schema: A plain schema of type string, without `enum` and `const`.
        place: Where it is in the request.
        declared: An example or default of the schema's author; None if there is none.
        draw: Makes a text that satisfies a pattern.

    Returns:
        A slot if a canary fits, else a value that is valid as far as one is known.
    """
    example = declared if isinstance(declared, str) else ""
    shortest = length(schema, "minLength", 0)
    bound = number(schema, "maxLength")
    longest = None if bound is None else int(bound)
    slot = Slot(place, "text", shortest, longest, default=example or _word(schema))
    plain = _takes_canary(schema, slot)
    form = None if plain and "pattern" in schema else _form(schema, place)
    if form is not None:
        kind, most, usual = form
        if (longest is None or most <= longest) and shortest <= TOKEN_LENGTH:
            return replace(slot, kind=kind, default=_valid(schema, example, usual))
    if plain:
        return replace(slot, default=_valid(schema, slot.default, _SAMPLES[0]))
    return example or _other(schema, draw)


def _form(schema: Schema, place: str) -> tuple[SlotKind, int, str] | None:
    """Return the form that a text must have; None for just any text."""
    pattern = schema.get("pattern")
    if pattern is not None:
        for name, samples in (("email", _ADDRESSES), ("url", _LINKS)):
            if all(matches(pattern, sample) for sample in samples):
                return _FORMATS[name]
        return None
    named = words(place.rpartition(".")[2])
    if "format" not in schema and _MAIL & set(named):
        return _FORMATS["email"]
    if "format" not in schema and named and named[-1] in _URL:
        return _FORMATS["url"]
    return _FORMATS.get(_format(schema))


def _valid(schema: Schema, *texts: str) -> str:
    """Return the first text that a schema allows, else the last."""
    shortest = length(schema, "minLength", 0)
    padded = [text_.ljust(min(shortest, _LONGEST), ".") for text_ in texts if text_]
    return next((one for one in padded if fits_plain(schema, one)), padded[-1])


def _takes_canary(schema: Schema, slot: Slot) -> bool:
    shortest = max(TOKEN_LENGTH, slot.min_length)
    if shortest > min(_LONGEST, slot.max_length or _LONGEST) or slot.max_length == 0:
        return False
    if _format(schema) in _FIXED or _format(schema) in _FORMATS:
        return False
    if schema.get("contentEncoding") or schema.get("contentMediaType") == JSON:
        return False
    pattern = schema.get("pattern")
    if pattern is None:
        return True
    if slot.min_length > TOKEN_LENGTH:
        return False
    return all(matches(pattern, sample) for sample in _SAMPLES)


def _other(schema: Schema, draw: Drawn) -> str:
    fixed = _FIXED.get(_format(schema))
    if schema.get("contentMediaType") == JSON:
        fixed = "{}"
    if fixed is not None:
        return fixed
    shaped = _FORMATS.get(_format(schema))
    word = shaped[2] if shaped else _word(schema)
    pattern = schema.get("pattern")
    if not isinstance(pattern, str) or matches(pattern, word):
        return word
    literal = pattern.removeprefix("^").removesuffix("$")
    literal = literal.removeprefix("(?:").removesuffix(")")
    if literal.isalnum() and matches(pattern, literal):
        return literal
    shortest = length(schema, "minLength", 0)
    drawn = draw(pattern, shortest, length(schema, "maxLength", 255))
    return word if drawn is None else drawn


def _word(schema: Schema) -> str:
    shortest = min(length(schema, "minLength", 0), _LONGEST)
    longest = length(schema, "maxLength", 255)
    return "sample".ljust(shortest, "e")[: max(longest, 0)]
