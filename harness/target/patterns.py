"""Regular expressions of schemas: whether a text matches, without ever hanging."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

_MANY: Final = 10
"""Repeats that may go on for longer are taken for endless ones."""
_SHORT: Final = 20
"""Characters up to which even a hopeless search is quick."""

_BEGIN, _END = "\x02", "\x03"
"""Stand for anchors; no schema's text holds these control characters."""

_REPEATS: Final = frozenset({"MAX_REPEAT", "MIN_REPEAT"})
_CATEGORIES: Final[dict[str, Callable[[str], bool]]] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_WORD": lambda char: char.isalnum() or char == "_",
}


def matches(pattern: object, text: str) -> bool:
    """Whether a text satisfies a schema's pattern; False if nobody can say."""
    if len(text) > _SHORT and not safe(pattern):
        return False
    try:
        return bool(re.search(str(pattern), text))
    except (re.error, OverflowError, RecursionError):
        return False


def safe(pattern: object) -> bool:
    """Whether a search for a pattern surely ends soon, and it can be read.

    Python's `re` backtracks and cannot be interrupted: a repeat of repeats, such as
    ``(a+)+``, takes twice as long with each character, unless something in between
    tells where one repeat ends and the next begins, as in ``([a-z]+,)+``.
    """
    from re import _parser

    try:
        parsed = _parser.parse(str(pattern))
        re.compile(str(pattern))
    except (re.error, OverflowError, RecursionError):
        return False
    return not _explosive(parsed)


def literals(pattern: object, most: int) -> tuple[str, ...]:
    """Return all texts that a pattern allows, ``^(open|closed)$``; none if not listed.

    Args:
        pattern: Of a schema, which is searched for: without anchors it allows more.
        most: How many texts may be listed; of more there are none.
    """
    from re import _parser

    try:
        told = _texts(_parser.parse(str(pattern)), most)
    except (re.error, OverflowError, RecursionError):
        return ()
    bare = [text.removeprefix(_BEGIN).removesuffix(_END) for text in told or ()]
    if [f"{_BEGIN}{text}{_END}" for text in bare] != list(told or ()):
        return ()
    whole = not any(mark in text for text in bare for mark in (_BEGIN, _END))
    return tuple(dict.fromkeys(bare)) if whole else ()


def _texts(parsed: Iterable[Any], most: int) -> list[str] | None:
    """Return what a sequence stands for, anchors marked; None if that is too much."""
    found = [""]
    for operator, argument in parsed:
        parts = _parts(str(operator), argument, most)
        if parts is None or len(found) * len(parts) > most:
            return None
        found = [text + part for text in found for part in parts]
    return found


def _parts(operator: str, argument: Any, most: int) -> list[str] | None:
    if operator == "LITERAL":
        return [chr(argument)]
    if operator == "AT":
        return [_BEGIN if "BEGINNING" in str(argument) else _END]
    if operator == "SUBPATTERN":
        return _texts(argument[-1], most)
    if operator == "BRANCH":
        branches = [_texts(branch, most) for branch in argument[1]]
        return (
            [text for one in branches for text in one or ()] if all(branches) else None
        )
    single = operator == "IN" and all(str(kind) == "LITERAL" for kind, _ in argument)
    return [chr(char) for _, char in argument] if single else None


def _explosive(parsed: Iterable[Any]) -> bool:
    for operator, argument in parsed:
        inside = list(_inside(str(operator), argument))
        if _endless(str(operator), argument) and not _delimited(list(argument[2])):
            return True
        if any(_explosive(part) for part in inside):
            return True
    return False


def _inside(operator: str, argument: Any) -> Iterator[Any]:
    """Yield the sequences that an element of a parsed pattern holds."""
    if operator in _REPEATS:
        yield argument[2]
    elif operator == "SUBPATTERN":
        yield argument[-1]
    elif operator == "BRANCH":
        yield from argument[1]
    elif operator in {"ASSERT", "ASSERT_NOT"}:
        yield argument[1]


def _endless(operator: str, argument: Any) -> bool:
    return operator in _REPEATS and int(argument[1]) > _MANY


def _delimited(body: list[Any]) -> bool:
    """Whether a repeated body can be split up in one way only."""
    if len(body) == 1 and str(body[0][0]) == "SUBPATTERN":
        return _delimited(list(body[0][1][-1]))
    repeated = list(_repeated(body))
    if not repeated:
        return True
    marks = [chr(argument) for operator, argument in body if str(operator) == "LITERAL"]
    return any(not any(_may_hold(p, mark) for p in repeated) for mark in marks)


def _repeated(body: Iterable[Any]) -> Iterator[Any]:
    """Yield what is repeated endlessly anywhere within a sequence."""
    for operator, argument in body:
        if _endless(str(operator), argument):
            yield argument[2]
        for part in _inside(str(operator), argument):
            yield from _repeated(part)


def _may_hold(parsed: Iterable[Any], char: str) -> bool:
    """Whether a sequence may match a character; True when in doubt."""
    for operator, argument in parsed:
        name = str(operator)
        if name == "LITERAL":
            held = chr(argument) == char
        elif name == "IN":
            held = _set_holds(argument, char)
        elif name in {"SUBPATTERN", *_REPEATS}:
            held = any(_may_hold(part, char) for part in _inside(name, argument))
        else:
            held = True
        if held:
            return True
    return False


def _set_holds(items: Iterable[Any], char: str) -> bool:
    found = False
    wanted = True
    for operator, argument in items:
        name = str(operator)
        if name == "NEGATE":
            wanted = False
        elif name == "LITERAL":
            found = found or chr(argument) == char
        elif name == "RANGE":
            found = found or argument[0] <= ord(char) <= argument[1]
        else:
            known = _CATEGORIES.get(str(argument))
            found = found or known is None or known(char)
    return found is wanted
