"""Leaves of request data that are filled when the request is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from harness.model.canary import TOKEN_LENGTH

SlotKind = Literal["text", "email", "uuid", "integer", "url", "reference"]

CANARY: Final = "{canary}"
"""What stands for a canary in the templates of explicit operations."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a request that a canary, or a reference, can fill.

    A ``text`` slot takes 17 lower-case letters, ``email`` and ``url`` the same
    letters dressed as one, ``uuid`` and ``integer`` a canary of that form, and
    ``reference`` the key of an object.

    Attributes:
        place: ``"body.title"``, ``"query.q"``, ``"body.items.0.name"``,
            ``"header.x-note"``, ``"path.name"``.
        kind: What fits.
        min_length: Shortest text; a shorter value is padded by `rendered`.
        max_length: Longest text; None for any.
        reference: Kind of the object, for ``reference``.
        default: A valid value, if it is not filled.
        numeric: Whether the value is a JSON number.
    """

    place: str
    kind: SlotKind
    min_length: int = 0
    max_length: int | None = None
    reference: str = ""
    default: Any = ""
    numeric: bool = False

    def rendered(self, value: Any) -> Any:
        """Return a filled value in the type and length that the place needs."""
        if self.numeric and isinstance(value, str):
            digits = value.removeprefix("-")
            return int(value) if digits.isascii() and digits.isdigit() else value
        if self.kind == "text" and isinstance(value, str):
            return value.ljust(self.min_length, ".")
        return value


Fill = Callable[[Slot], Any]
Write = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a form.

    Attributes:
        name: Its name, without the ending.
        content: What it holds, as text.
        content_type: Of the file.
    """

    name: Slot
    content: Slot
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class File:
    """A file, ready to send."""

    name: str
    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Template:
    """A string of an explicit operation.

    Attributes:
        text: With ``{canary}``, and with ``{slug}``, … which the caller writes.
        slot: What takes the place of ``{canary}``; None if the text has none.
    """

    text: str
    slot: Slot | None


def slots(tree: Any) -> Iterator[Slot]:
    """Yield the slots of a tree of request data, in the order of its places."""
    if isinstance(tree, Slot):
        yield tree
    elif isinstance(tree, Template):
        if tree.slot is not None:
            yield tree.slot
    elif isinstance(tree, Upload):
        yield tree.content
        yield tree.name
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from slots(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from slots(value)


def filled(tree: Any, fill: Fill, write: Write = str) -> Any:
    """Return a tree of request data with each leaf filled.

    Args:
        tree: The data.
        fill: Gives the value of a slot.
        write: Writes ``{slug}`` and the like into the strings of explicit
            operations, after ``{canary}``.
    """
    if isinstance(tree, Slot):
        return tree.rendered(fill(tree))
    if isinstance(tree, Template):
        text = tree.text
        if tree.slot is not None:
            text = text.replace(CANARY, str(tree.slot.rendered(fill(tree.slot))))
        return write(text)
    if isinstance(tree, Upload):
        content = filled(tree.content, fill, write)
        name = f"{filled(tree.name, fill, write)}.txt"
        return File(name, str(content).encode(errors="replace"), tree.content_type)
    if isinstance(tree, dict):
        return {key: filled(value, fill, write) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [filled(value, fill, write) for value in tree]
    return tree


def with_defaults(tree: Any) -> Any:
    """Return a tree with each slot at its default, and files as their text."""
    if isinstance(tree, Slot):
        return tree.default
    if isinstance(tree, Upload):
        return tree.content.default
    if isinstance(tree, dict):
        return {key: with_defaults(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [with_defaults(value) for value in tree]
    return tree


def without_defaults(tree: Any) -> Any:
    """Return a tree in which slots differ by their place and kind only."""
    if isinstance(tree, Slot):
        return replace(tree, default=None)
    if isinstance(tree, Upload):
        return replace(tree, content=without_defaults(tree.content))
    if isinstance(tree, dict):
        return {key: without_defaults(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [without_defaults(value) for value in tree]
    return tree


def templated(tree: Any, place: str) -> Any:
    """Return the data of an explicit operation with its strings as templates."""
    if isinstance(tree, str):
        slot = Slot(place, "text", max_length=TOKEN_LENGTH, default="canary")
        return Template(tree, slot if CANARY in tree else None)
    if isinstance(tree, dict):
        return {key: templated(value, f"{place}.{key}") for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [templated(part, f"{place}.{i}") for i, part in enumerate(tree)]
    return tree
