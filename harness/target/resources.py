"""Links between operations: which objects each needs, yields and lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, final

from harness.target import keys
from harness.target.alternatives import alternatives
from harness.target.media import JSON, declared
from harness.target.naming import identifies, referred, same_thing, singulars, words
from harness.target.operation import Operation
from harness.target.routes import (
    Parameter,
    collection_name,
    ends_in_parameter,
    nameless,
    parameters,
    parent,
)

_CREATING_WORDS: Final = frozenset({"add", "create", "import", "new", "upload"})
_VALUE_FORMATS: Final = frozenset({"date", "date-time", "time", "duration"})


@final
class Resources:
    """How the operations of a target hang together.

    The *kind* of an object is its collection's path with nameless parameters: in
    ``/projects/{project_id}/tasks/{task_id}`` the task is of kind
    ``/projects/{}/tasks``. An object's *keys* are the values of all path parameters
    that lead to it, outermost first, without those that say which tenant is meant.

    Args:
        operations: All operations of the target.
        tenant_parameters: Path parameters that mean the tenant, besides those
            whose name says so.
    """

    def __init__(
        self, operations: Iterable[Operation], *, tenant_parameters: Iterable[str] = ()
    ) -> None:
        self._operations = tuple(operations)
        names = frozenset(tenant_parameters)
        self._parameters = {
            operation.path: parameters(operation.path, names)
            for operation in self._operations
        }
        self._tenant_names = names

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of objects that operations name in their paths or list."""
        items = [
            parameter.kind
            for operation in self._operations
            for parameter in self.parameters(operation)
            if not parameter.tenant and not _is_value(operation, parameter)
        ]
        known = dict.fromkeys(items)
        for operation in self._operations:
            kind = nameless(operation.path)
            if _answers_with_list(operation) and parent(kind) not in known:
                known.setdefault(kind)
        return tuple(known)

    @cached_property
    def _creators(self) -> Mapping[str, Operation]:
        found: dict[str, Operation] = {}
        for rank in (_creates_in_collection, _creates_by_verb, _creates_at_item):
            for operation in self._operations:
                kind = rank(operation, self._kind_at)
                if kind and not operation.skipped:
                    found.setdefault(kind, operation)
        return found

    @cached_property
    def _listers(self) -> Mapping[str, Operation]:
        return {
            kind: operation
            for operation in reversed(self._operations)
            if not operation.skipped and (kind := self.lists(operation))
        }

    @cached_property
    def _at_items(self) -> Mapping[tuple[str, str], Operation]:
        return {
            (self.item(operation), operation.method): operation
            for operation in reversed(self._operations)
            if not operation.skipped
        }

    @cached_property
    def _item_names(self) -> Mapping[str, str]:
        return {
            parameter.kind: parameter.name
            for operation in reversed(self._operations)
            for parameter in self.parameters(operation)
            if not parameter.tenant
        }

    @cached_property
    def _named(self) -> Mapping[str, set[str]]:
        """Kinds that can be had, by what their name may be the plural of."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for kind in self.kinds:
            if self.obtainable(kind):
                for name in singulars("".join(words(collection_name(kind)))):
                    found[name].add(kind)
        return found

    def parameters(self, operation: Operation) -> tuple[Parameter, ...]:
        """Return an operation's path parameters, outermost first."""
        known = self._parameters.get(operation.path)
        if known is not None:
            return known
        return parameters(operation.path, self._tenant_names)

    def tenant_parameters(self, operation: Operation) -> tuple[str, ...]:
        """Return the path parameters that say which tenant is meant."""
        found = self.parameters(operation)
        return tuple(parameter.name for parameter in found if parameter.tenant)

    def needs(self, operation: Operation) -> tuple[str, ...]:
        """Return the kinds of the objects that the path names, outermost first.

        The last one's keys lead through all others: see `path_values`. Left out are
        parameters that no object fills, for which `generation.Case.path` has a
        value: the tenant's, plain values (a date, one of an enumeration), the key
        of an object that this operation itself creates, and references to objects
        of another collection.
        """
        return tuple(
            parameter.kind
            for parameter in self.parameters(operation)
            if self.filled_by_object(operation, parameter)
        )

    def chain(self, operation: Operation) -> tuple[str, ...]:
        """Return the kinds of all objects that the path names, outermost first.

        The one that an operation creates under a key of its choice is among them.
        """
        needs, item = self.needs(operation), self.item(operation)
        return needs if not item or item in needs else (*needs, item)

    def filled_by_object(self, operation: Operation, parameter: Parameter) -> bool:
        """Whether a path parameter takes the key of an object that exists."""
        if parameter.tenant or _is_value(operation, parameter):
            return False
        if parameter.kind == self.yields(operation) and ends_in_parameter(
            operation.path
        ):
            return parameter is not self.parameters(operation)[-1]
        return bool(self.obtainable(parameter.kind)) or not self.reference(
            parameter.name
        )

    def path_values(
        self, operation: Operation, object_keys: Sequence[str]
    ) -> dict[str, str]:
        """Return the path parameters that an object's keys fill, by name.

        Args:
            operation: Whose path is to be filled.
            object_keys: Keys of an object of the last kind that it needs.
        """
        names = [p.name for p in self.parameters(operation) if not p.tenant]
        return dict(zip(names, object_keys, strict=False))

    def item(self, operation: Operation) -> str:
        """Return the kind of the object that the path ends in; "" if in none."""
        if not ends_in_parameter(operation.path):
            return ""
        last = self.parameters(operation)[-1]
        return "" if last.tenant or _is_value(operation, last) else last.kind

    def yields(self, operation: Operation) -> str:
        """Return the kind of the object that a success creates; "" if none."""
        kind = _creates_in_collection(operation, self._kind_at) or _creates_by_verb(
            operation, self._kind_at
        )
        if kind or operation.method != "PUT":
            return kind
        kind = _creates_at_item(operation, self._kind_at)
        return kind if kind and self._creators.get(kind) is operation else ""

    def lists(self, operation: Operation) -> str:
        """Return the kind of the objects that an answer lists; "" if none."""
        if operation.method != "GET" or ends_in_parameter(operation.path):
            return ""
        return self._kind_at(nameless(operation.path))

    def object_keys(
        self,
        operation: Operation,
        path_values: Mapping[str, str],
        *,
        status: int,
        headers: Iterable[tuple[str, str]] = (),
        body: Any = None,
    ) -> list[tuple[str, ...]]:
        """Return the keys of each object that an answer created or listed.

        Args:
            operation: The operation that was answered.
            path_values: Values of the path parameters in the request.
            status: HTTP status; nothing is found in a failure.
            headers: Of the answer; only ``Location`` matters.
            body: JSON of the answer; None if it is none.
        """
        made, listed = self.yields(operation), self.lists(operation)
        kind = made or listed
        if not kind or not 200 <= status < 400:
            return []
        names = [p.name for p in self.parameters(operation) if not p.tenant]
        above = tuple(str(path_values[name]) for name in names if name in path_values)
        if made and ends_in_parameter(operation.path):
            return [above] if len(above) == len(names) else []
        if made:
            sent = {name.lower(): value for name, value in headers}
            found = keys.from_location(sent.get("location", ""), kind)
            if found:
                return [(*above, found)]
        if status >= 300:
            return []
        name = collection_name(kind)
        own = self.key_name(kind)
        inside = keys.from_body(body, own, name, many=bool(listed))
        return [(*above, key) for key in inside]

    def key_name(self, kind: str) -> str:
        """Return the name of the path parameter that takes an object's key."""
        return self._item_names.get(kind, "")

    def creator(self, kind: str) -> Operation | None:
        """Return the operation that creates objects of a kind."""
        return self._creators.get(kind)

    def lister(self, kind: str) -> Operation | None:
        """Return the operation that lists objects of a kind."""
        return self._listers.get(kind)

    def reader(self, kind: str) -> Operation | None:
        """Return the operation that reads one object of a kind."""
        return self._at_items.get((kind, "GET"))

    def deleter(self, kind: str) -> Operation | None:
        """Return the operation that deletes one object of a kind."""
        return self._at_items.get((kind, "DELETE"))

    def reference(self, property_name: str) -> str:
        """Return the kind of object that a property refers to; "" if none.

        ``document_id``, ``documentIds`` and ``parent_document_id`` refer to
        ``/documents``; so does ``document``, where the caller must see from its
        type that it holds an identifier.
        """
        for name in referred(property_name):
            found = {
                kind for one in singulars(name) for kind in self._named.get(one, ())
            }
            if found:
                return min(found, key=lambda kind: (kind.count("/"), kind))
            if not identifies(property_name):
                break
        return ""

    def obtainable(self, kind: str) -> Operation | None:
        """Return the operation that creates or else lists objects of a kind."""
        return self._creators.get(kind) or self._listers.get(kind)

    def _kind_at(self, path: str) -> str:
        """Return the known kind whose collection has a path; "" if none."""
        if path in self.kinds:
            return path
        for kind in self.kinds:
            beside = parent(kind) == parent(path) and collection_name(path)
            if beside and same_thing(collection_name(kind), collection_name(path)):
                return kind
        return ""


_KindAt = Callable[[str], str]


def _is_value(operation: Operation, parameter: Parameter) -> bool:
    """Whether a path parameter takes a plain value rather than an object's key."""
    schema = operation.path_schemas.get(parameter.name, {})
    if "enum" in schema or "const" in schema:
        return True
    plain = str(schema.get("type")) in {"boolean", "number"}
    return plain or str(schema.get("format")) in _VALUE_FORMATS


def _creates_in_collection(operation: Operation, kind_at: _KindAt) -> str:
    return kind_at(nameless(operation.path)) if operation.method == "POST" else ""


def _creates_by_verb(operation: Operation, kind_at: _KindAt) -> str:
    path = nameless(operation.path)
    if operation.method != "POST" or collection_name(path) not in _CREATING_WORDS:
        return ""
    return kind_at(parent(path))


def _creates_at_item(operation: Operation, kind_at: _KindAt) -> str:
    path = nameless(operation.path)
    if operation.method != "PUT" or not ends_in_parameter(operation.path):
        return ""
    return kind_at(parent(path))


def _answers_with_list(operation: Operation) -> bool:
    """Whether a GET documents an answer that lists objects."""
    if operation.method != "GET" or ends_in_parameter(operation.path):
        return False
    responses = operation.schema.get("responses")
    for status, answer in (responses if isinstance(responses, Mapping) else {}).items():
        if str(status)[:1] == "2" and isinstance(answer, Mapping):
            schema = declared(answer, JSON).get("schema")
            if any(_is_list(one) for one in alternatives(schema or {})):
                return True
    return False


def _is_list(schema: Mapping[str, Any]) -> bool:
    if schema.get("type") == "array":
        return True
    properties = schema.get("properties")
    return isinstance(properties, Mapping) and any(
        one.get("type") == "array"
        for name, part in properties.items()
        if name.lower() in keys.ENVELOPES
        for one in alternatives(part)
    )
