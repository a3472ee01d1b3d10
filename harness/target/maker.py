"""Puts the requests of one operation together from samples and random values."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, Final, final

from harness.target.case import Case
from harness.target.drawing import Drawing, Drawn
from harness.target.fits import fits
from harness.target.headers import optional_use, sendable
from harness.target.leaves import Slot, with_defaults
from harness.target.media import FORM, MULTIPART, declared, example, plain
from harness.target.naming import words
from harness.target.operation import Operation
from harness.target.overlay import Overlay
from harness.target.resources import Resources
from harness.target.sample import Sampler

_SEARCHING: Final = frozenset(
    {"contains", "filter", "keyword", "name", "q", "query", "search", "term", "title"}
)
"""Words of optional query parameters into which a canary is put."""

Value = Callable[[Mapping[str, Any], str], Any]
Fields = tuple[tuple[str, Any], ...]


@final
class Maker:
    """Makes the requests of one operation.

    Args:
        operation: With its schema.
        resources: How the target's operations hang together.
        drawing: For texts that satisfy a pattern.
    """

    def __init__(
        self, operation: Operation, resources: Resources, drawing: Drawing
    ) -> None:
        self._operation = operation
        self._resources = resources
        self._drawing = drawing
        request = operation.schema.get("requestBody")
        self._required = (
            isinstance(request, Mapping) and request.get("required") is True
        )
        self._media = declared(request, operation.content_type)
        listed = operation.schema.get("parameters")
        self._parameters = [
            one for one in (listed if isinstance(listed, list) else []) if sendable(one)
        ]

    def sampled(self, *, full: bool) -> Case:
        """Return the request with every property, or with the required ones only."""
        sampler = self._sampler(full=full)

        def value(parameter: Mapping[str, Any], place: str) -> Any:
            usual = sampler.value(
                parameter.get("schema", True), place, example(parameter)
            )
            if parameter.get("required") is True:
                return usual
            return usual if full and _of_use(parameter, usual) else None

        body = None
        if self._media and (full or self._required):
            hint = example(self._media)
            body = sampler.value(self._media.get("schema", True), "body", hint)
        return self._case(value, self.path(), body)

    def overlaid(self, drawn: Drawn) -> Case:
        """Return a request made of random values."""
        overlay = Overlay(self._sampler(full=True))
        given = {"query": drawn.query, "header": drawn.headers}

        def value(parameter: Mapping[str, Any], place: str) -> Any:
            values = given[parameter["in"]]
            if parameter["name"] not in values:
                return None
            schema = parameter.get("schema", True)
            return overlay.over(schema, values[parameter["name"]], place)

        body = None
        if self._media and (self._required or drawn.body is not None):
            body = overlay.over(self._media.get("schema", True), drawn.body, "body")
        if plain(self._operation.content_type) in {FORM, MULTIPART}:
            body = _sent(body)
        return self._case(value, self.path(drawn.path), body)

    def accepts(self, case: Case) -> bool:
        """Whether the body of a request satisfies the schema."""
        if case.body is None:
            return not self._required
        schema = self._media.get("schema", True)
        return fits(schema, with_defaults(case.body))

    def path(self, drawn: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return values for the path parameters that no object fills.

        There is one too for an object that no operation creates or lists: what the
        caller knows of such objects goes before it.
        """
        sampler = self._sampler(full=True)
        overlay = Overlay(sampler)
        values: dict[str, Any] = {}
        for parameter in self._resources.parameters(self._operation):
            if parameter.tenant or (
                self._resources.filled_by_object(self._operation, parameter)
                and self._resources.obtainable(parameter.kind)
            ):
                continue
            place = f"path.{parameter.name}"
            schema = self._operation.path_schemas.get(
                parameter.name, {"type": "string"}
            )
            if drawn and parameter.name in drawn:
                value = overlay.over(schema, _decoded(drawn[parameter.name]), place)
            else:
                value = sampler.value(schema, place)
            values[parameter.name] = value
        return values

    def _case(self, value: Value, path: dict[str, Any], body: Any) -> Case:
        fields: dict[str, list[tuple[str, Any]]] = {"query": [], "header": []}
        for parameter in self._parameters:
            place = parameter["in"]
            if place in fields:
                name = (
                    parameter["name"] if place == "query" else parameter["name"].lower()
                )
                made = value(parameter, f"{place}.{name}")
                if made is not None:
                    fields[place].append((name, made))
        return Case(
            path=path,
            query=tuple(fields["query"]),
            headers=tuple(fields["header"]),
            body=body,
            content_type="" if body is None else self._operation.content_type,
        )

    def _sampler(self, *, full: bool) -> Sampler:
        uploads = plain(self._operation.content_type) == MULTIPART
        matching = self._drawing.matching
        return Sampler(self._resources, matching, full=full, uploads=uploads)


def _decoded(value: Any) -> Any:
    """Undo the percent-encoding in which path parameters are drawn."""
    return urllib.parse.unquote(value) if isinstance(value, str) else value


def _sent(body: Any) -> Any:
    """Return the fields of a form that carry something; others are as if left out."""
    if not isinstance(body, dict):
        return body
    return {name: part for name, part in body.items() if part not in (None, "", [])}


def _of_use(parameter: Mapping[str, Any], usual: Any) -> bool:
    """Whether an optional parameter is worth sending: it can hold a canary."""
    if not isinstance(usual, Slot) or usual.kind != "text":
        return False
    if parameter["in"] == "header":
        return optional_use(parameter)
    return bool(_SEARCHING & set(words(parameter["name"])))
