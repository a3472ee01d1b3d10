"""One valid value for a JSON schema, with slots wherever a canary fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, final

from harness.model.canary import FIRST_INTEGER, INTEGERS
from harness.target.alternatives import Schema, alternatives, length, number
from harness.target.fits import fits_plain
from harness.target.leaves import Slot, Upload, with_defaults
from harness.target.naming import identifies, words
from harness.target.resources import Resources
from harness.target.texts import UUID, Drawn, known_format, text

_MOST: Final = 2_000
"""Values in one sample, beyond which only what is required is put in."""
_DEEPEST: Final = 6
"""Names in a place, from which on only what is required is put in."""
_LONGEST: Final = 50
"""Items in one array, whatever its schema asks for."""
_LIKED: Final = frozenset({"active", "enabled", "private", "visible"})
_SETTLED: Final = ("external", "correlation", "request", "trace", "idempotency")
_PREFERENCE: Final = ("", "string", "object", "array", "integer", "number", "boolean")


@final
class Sampler:
    """Makes samples of the schemas of one operation.

    Args:
        resources: Which properties refer to objects.
        draw: Makes a text that satisfies a pattern.
        full: Whether optional properties are put in.
        uploads: Whether binary strings are files of a form.
    """

    def __init__(
        self, resources: Resources, draw: Drawn, *, full: bool, uploads: bool = False
    ) -> None:
        self._resources = resources
        self._draw = draw
        self._full = full
        self._uploads = uploads
        self._made = 0

    def value(self, schema: object, place: str, hint: object = None) -> Any:
        """Return a value, a tree whose leaves may be slots.

        Args:
            schema: A JSON schema, references resolved.
            place: Where the value is in the request, ``"body.title"``.
            hint: The author's example for it; None if there is none.
        """
        offered = usable(schema)
        values = [one for one in offered if one.get("type") != "null"]
        if not values:
            return None
        nullable = len(values) < len(offered)
        chosen = min(values, key=_rank)
        return self.plain(chosen, place, hint, nullable=nullable)

    def plain(
        self, schema: Schema, place: str, hint: object = None, *, nullable: bool = False
    ) -> Any:
        """Return a value for a plain schema, one of the alternatives of a schema."""
        self._made += 1
        declared = hint if hint is not None and fits_plain(schema, hint) else None
        if declared is None:
            declared = _authored(schema)
        allowed = schema.get("enum")
        if "const" in schema:
            return schema["const"]
        if isinstance(allowed, list) and allowed:
            return _one_of(allowed, declared, schema)
        return self._typed(schema, place, declared, nullable=nullable)

    def _typed(
        self, schema: Schema, place: str, declared: Any, *, nullable: bool
    ) -> Any:
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema, place, declared)
        if kind == "array":
            return self._array(schema, place, declared)
        if kind == "boolean":
            liked = bool(_LIKED & set(words(place.rpartition(".")[2])))
            return liked if declared is None else declared
        if kind == "number":
            return _bounded(schema, 1.5) if declared is None else declared
        reference = self._reference(schema, place, declared, nullable=nullable)
        if reference is not None:
            return reference
        make = _integer if kind == "integer" else self._text
        return make(schema, place, declared)

    def _text(self, schema: Schema, place: str, declared: Any) -> Any:
        if place.rpartition(".")[2] == "grant_type":
            return "password"
        binary = schema.get("format") == "binary" or "contentMediaType" in schema
        if binary and self._uploads:
            return Upload(
                name=Slot(f"{place}.name", "text", default="sample"),
                content=Slot(place, "text", default="sample"),
            )
        if place.rpartition(".")[2] == "scope" and declared == "":
            return ""
        return text(schema, place, declared=declared, draw=self._draw)

    def _reference(
        self, schema: Schema, place: str, declared: Any, *, nullable: bool
    ) -> Slot | None:
        """Return a slot for an object's key, if the place refers to an object."""
        numeric = schema.get("type") == "integer"
        parts = place.split(".")
        listed = parts[-1].isdecimal() and len(parts) > 2
        name = parts[-2] if listed else parts[-1]
        kind = self._resources.reference(name)
        if not kind or known_format(schema):
            return None
        counts = numeric and not listed and kind.endswith(f"/{name}")
        typed = (numeric and not counts) or schema.get("format") == "uuid"
        if not typed and not identifies(name):
            return None
        default: Any = 1 if numeric else UUID
        if declared is not None or nullable:
            default = declared
        return Slot(
            place, "reference", reference=kind, default=default, numeric=numeric
        )

    def _object(self, schema: Schema, place: str, declared: Any) -> dict[str, Any]:
        hints = declared if isinstance(declared, Mapping) else {}
        properties = schema.get("properties")
        properties = properties if isinstance(properties, Mapping) else {}
        needed = schema.get("required")
        listed = needed if isinstance(needed, list) else []
        required = [name for name in listed if isinstance(name, str)]
        full = self._full and self._made < _MOST and place.count(".") < _DEEPEST
        made: dict[str, Any] = {}
        for name, part in properties.items():
            if name in required or (full and self.wanted(name, part)):
                made[name] = self.value(part, f"{place}.{name}", hints.get(name))
        rest = schema.get("additionalProperties", True)
        for name in required:
            if name not in made:
                made[name] = self.value(rest, f"{place}.{name}", hints.get(name))
        least = length(schema, "minProperties", 0)
        if rest is not False and not properties and full:
            least = max(least, 1)
        if rest is not False:
            self._pad(made, schema, place, min(least, _LONGEST))
        return made

    def _pad(
        self, made: dict[str, Any], schema: Schema, place: str, least: int
    ) -> None:
        """Add entries under names of our own, until there are enough."""
        names = schema.get("propertyNames")
        allowed = names.get("enum") if isinstance(names, Mapping) else None
        given = [str(name) for name in allowed] if isinstance(allowed, list) else []
        if not given and isinstance(names, Mapping):
            key = self.value({"type": "string", **names}, "key")
            given = [str(key.default if isinstance(key, Slot) else key)]
        for number_ in range(least):
            if len(made) >= least:
                return
            usual = f"note{number_ or ''}"
            name = given[number_] if number_ < len(given) else usual
            rest = schema.get("additionalProperties", True)
            if name not in made:
                made[name] = self.value(rest, f"{place}.{name}")

    def wanted(self, name: str, schema: object) -> bool:
        """Whether an optional property is put in.

        One that refers to objects nobody can create would only be refused.
        """
        if not isinstance(schema, Mapping) or schema.get("readOnly") is True:
            return False
        if not identifies(name) or self._resources.reference(name):
            return True
        if words(name)[0] in _SETTLED:
            return True
        return not any(
            one.get("type") == "integer" or one.get("format") == "uuid"
            for one in alternatives(schema)
        )

    def _array(self, schema: Schema, place: str, declared: Any) -> list[Any]:
        most = min(length(schema, "maxItems", _LONGEST), _LONGEST)
        first = schema.get("prefixItems")
        first = first if isinstance(first, list) else []
        usual = len(first) or (1 if self._made < 2 * _MOST else 0)
        count = min(max(length(schema, "minItems", 0), usual), most)
        hints = declared if isinstance(declared, list) else []
        made: list[Any] = []
        for index in range(count):
            part = first[index] if index < len(first) else schema.get("items", True)
            hint = hints[index] if index < len(hints) else None
            value = self.value(part, f"{place}.{index}", hint)
            if made and schema.get("uniqueItems") is True:
                # Several canaries of one field may be the same.
                value = with_defaults(value)
                if value in with_defaults(made):
                    value = _another(part, with_defaults(made))
            made.append(value)
        return made


def usable(schema: object) -> list[Schema]:
    """Return the alternatives of a schema that samples are made of.

    "A number or a string" is how pydantic declares decimals: no text is meant.
    """
    offered = alternatives(schema)
    if any(one.get("type") == "number" for one in offered):
        return [one for one in offered if one.get("type") != "string"]
    return offered


def _rank(schema: Schema) -> tuple[bool, int, bool]:
    """Order alternatives: text that can hold a canary first, fixed values last."""
    kind = str(schema.get("type", ""))
    fixed = "const" in schema or "enum" in schema or known_format(schema)
    position = _PREFERENCE.index(kind) if kind in _PREFERENCE else len(_PREFERENCE)
    return (fixed, position, "format" in schema)


def _authored(schema: Schema) -> Any:
    """Return the author's first example or default that the schema allows."""
    listed = schema.get("examples")
    examples = listed if isinstance(listed, list) else []
    offered = (schema.get("example"), *examples, schema.get("default"))
    usable = (one for one in offered if one is not None and fits_plain(schema, one))
    return next(usable, None)


def _one_of(allowed: list[Any], declared: Any, schema: Schema) -> Any:
    usable = [one for one in allowed if one is not None and fits_plain(schema, one)]
    if declared is not None:
        return declared
    private = [one for one in usable if isinstance(one, str) and one in _LIKED]
    return (private or usable or allowed)[0]


def _integer(schema: Schema, place: str, declared: Any) -> Any:
    default = declared if declared is not None else _bounded(schema, 1)
    last = FIRST_INTEGER + INTEGERS - 1
    whole = place.startswith(("body", "path.")) and "multipleOf" not in schema
    if whole and all(fits_plain(schema, one) for one in (FIRST_INTEGER, last)):
        return Slot(place, "integer", default=default, numeric=True)
    return default


def _bounded(schema: Schema, wanted: float) -> int | float:
    """Return a number that is within a schema's bounds, near a wanted one."""
    step = number(schema, "multipleOf") or 0
    least, most = number(schema, "minimum"), number(schema, "maximum")
    above, below = (
        number(schema, "exclusiveMinimum"),
        number(schema, "exclusiveMaximum"),
    )
    middle = [
        (a + b) / 2
        for a in (least, above)
        for b in (most, below)
        if a is not None and b is not None
    ]
    near = [
        edge + way
        for edge, way in ((least, 0), (above, 1), (most, 0), (below, -1))
        if edge is not None
    ]
    candidates: list[int | float] = [wanted, 1, *near, *middle, 0]
    if step > 0:
        candidates += [round(one / step) * step for one in candidates]
        candidates += [step, -step]
        candidates += [(one // step + 1) * step for one in candidates]
    if schema.get("type") == "integer":
        candidates = [int(one) for one in candidates]
    return next((one for one in candidates if fits_plain(schema, one)), candidates[0])


def _another(schema: object, made: list[Any]) -> Any:
    """Return a value that an array of unique values does not hold yet."""
    numbers = range(2 * len(made) + 2)
    for one in alternatives(schema):
        allowed = one.get("enum")
        offered = allowed if isinstance(allowed, list) else []
        for value in (*offered, *numbers, *(f"sample{number_}" for number_ in numbers)):
            if value not in made and fits_plain(one, value):
                return value
    return None
