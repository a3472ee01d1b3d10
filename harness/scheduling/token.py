"""Replay tokens: one word that says which schedule of which scenario to run again.

The text is ``r1.`` and then base64 (for URLs, without padding) of zlib of JSON. It
comes back through shells, tickets and chats, so `decode` trusts nothing in it.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from harness.errors import UsageError
from harness.scheduling.choice import Key
from harness.scheduling.tape import Deviation, Tape

PREFIX: Final = "r1."
"""Names the version of the form."""

LONGEST_TEXT: Final = 2**17
LONGEST_JSON: Final = 2**20
MOST_SEQUENCE: Final = 2**31
HINT: Final = "Copy it whole from the report; `harness races` prints one per finding."


@dataclass(frozen=True, slots=True)
class Token:
    """What is needed to run one schedule again.

    Attributes:
        scenario: Name of the scenario.
        variant: Name of the target's variant; "" for the target itself.
        seed: Of the run: what is random in the app comes from it.
        inputs: What was drawn for the scenario, as JSON has it.
        tape: Where the schedule deviates.
    """

    scenario: str
    variant: str
    seed: int
    inputs: Mapping[str, Any] = field(default_factory=dict)
    tape: Tape = ()


def encode(token: Token) -> str:
    """Return the text of a token: letters, digits, ``.``, ``-`` and ``_``.

    Raises:
        UsageError: The inputs are nothing that JSON can carry, or too much.
    """
    body = {
        "scenario": token.scenario,
        "variant": token.variant,
        "seed": token.seed,
        "inputs": dict(token.inputs),
        "tape": [_row(deviation) for deviation in token.tape],
    }
    try:
        data = _json(body)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"The inputs of {token.scenario} do not fit into a token: {error}.",
            hint="Draw only numbers, texts, lists and mappings with texts as keys.",
        ) from error
    packed = zlib.compress(data, level=9)
    whole = PREFIX + base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")
    if len(data) > LONGEST_JSON or len(whole) > LONGEST_TEXT:
        raise UsageError(
            f"The token of {token.scenario} would have {len(whole)} characters.",
            hint="Draw smaller inputs.",
        )
    return whole


def decode(text: str) -> Token:
    """Return the token that a text stands for.

    Raises:
        UsageError: It is none, is damaged, or is of another version.
    """
    body = _loaded(_unpacked(text.strip()))
    if set(body) != {"scenario", "variant", "seed", "inputs", "tape"}:
        _refuse("its parts are not those of a token")
    if not isinstance(body["inputs"], dict):
        _refuse("its inputs are no mapping")
    if not isinstance(body["tape"], list):
        _refuse("its tape is no list")
    return Token(
        scenario=_name(body["scenario"], "scenario"),
        variant=_name(body["variant"], "variant"),
        seed=_whole(body["seed"], "seed", least=-(2**63), most=2**64),
        inputs=body["inputs"],
        tape=tuple(_deviation(row) for row in body["tape"]),
    )


def _unpacked(text: str) -> bytes:
    if not text.startswith(PREFIX):
        _refuse(f"it does not begin with {PREFIX!r}")
    if len(text) > LONGEST_TEXT:
        _refuse(f"it has {len(text)} characters")
    letters = text.removeprefix(PREFIX)
    try:
        packed = base64.b64decode(
            letters + "=" * (-len(letters) % 4), altchars=b"-_", validate=True
        )
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, LONGEST_JSON)
    except (binascii.Error, ValueError, zlib.error):
        _refuse("it is cut off or has a wrong letter")
    if not unpacker.eof or unpacker.unused_data:
        _refuse("it is cut off, or holds more than a token can")
    return data


def _loaded(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
        _json(body)
    except (ValueError, RecursionError):
        _refuse("what it holds is no JSON")
    if not isinstance(body, dict):
        _refuse("its parts are not those of a token")
    return body


def _json(body: object) -> bytes:
    """Return JSON without infinities and lone surrogates, which nothing else reads.

    Raises:
        ValueError: There is one.
        TypeError: JSON cannot carry it.
    """
    return json.dumps(
        body,
        allow_nan=False,
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    ).encode()


def _row(deviation: Deviation) -> list[str | int]:
    ahead = deviation.ahead_of
    return [*deviation.operation, *(ahead[:2] if ahead else ())]


def _deviation(row: object) -> Deviation:
    if not isinstance(row, list) or len(row) not in {3, 5}:
        _refuse("a deviation of its tape has the wrong form")
    actor, sequence, outcome, *ahead = row
    operation = Key(
        _name(actor, "actor"), _sequence(sequence), _name(outcome, "outcome")
    )
    if ahead:
        return Deviation(operation, Key(_name(ahead[0], "actor"), _sequence(ahead[1])))
    if not outcome:
        _refuse("a deviation of its tape has the wrong form")
    return Deviation(operation)


def _name(value: object, what: str) -> str:
    """Return a name that can be printed, so that no token talks to the terminal."""
    if not isinstance(value, str) or not value.isprintable():
        _refuse(f"its {what} is no name")
    return value


def _sequence(value: object) -> int:
    return _whole(value, "sequence", least=0, most=MOST_SEQUENCE)


def _whole(value: object, what: str, *, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        _refuse(f"its {what} is no whole number")
    if not least <= value <= most:
        _refuse(f"its {what} is out of range")
    return value


def _refuse(why: str) -> NoReturn:
    raise UsageError(f"This is no replay token: {why}.", hint=HINT)
