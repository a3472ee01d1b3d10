"""Preparing: writes down, as data, the requests that tenants of a world can make."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from harness.model.canary import PREFIX
from harness.model.event import Audience, Channel, Note
from harness.model.prepared import Address, Blank, Entry, Prepared
from harness.model.step import Role
from harness.provisioning.composing import written_path
from harness.provisioning.seeding import as_owner, creators
from harness.target.login import FormLogin, JsonLogin
from harness.target.media import FORM, JSON
from harness.target.routes import ends_in_parameter
from harness.target.selector import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.model.tenant import Tenant
    from harness.provisioning.driver import Driver
    from harness.provisioning.fields import Fields
    from harness.recording.recorder import Recorder
    from harness.target.leaves import Slot
    from harness.target.login import Login
    from harness.target.operation import Operation
    from harness.target.selector import Selector

REHEARSED: Final = 0
"""Index of the tenant that tries each request out."""
METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


async def prepare(
    driver: Driver, fields: Fields, recorder: Recorder
) -> tuple[Prepared, ...]:
    """Try the operations as their owner and write down those that work.

    Left out, and noted, are those that do not, endless streams, and deletions that end
    no object of a kind that can be made again: nobody must delete what others need.

    Args:
        driver: Of the running app, whose world is seeded.
        fields: Numbers the places that canaries are planted in.
        recorder: Learns what was left out.
    """
    prepared: list[Prepared] = []
    for operation in _in_order(driver):
        reason = _unfit(driver, operation)
        if not reason and operation.method == "DELETE":
            await _make_one(driver, operation)
        if not reason:
            step, made = await as_owner(driver, operation, REHEARSED, role=Role.SEED)
            if made is not None and made.succeeded:
                prepared.append(_prepared(driver, operation, step.case, fields))
                continue
            status = made.status if made is not None else 0
            reason = f"it ended with {status}" if status else "it could not be made"
        note = f"not asked for by any user: {operation.key}: {reason}"
        recorder.add(Note("note", note))
    return tuple(prepared)


def _in_order(driver: Driver) -> list[Operation]:
    """Return what tenants may ask, in an order in which each has what it needs."""
    needs = driver.catalogue.resources.needs
    made = creators(driver)
    known = [
        one
        for one in driver.catalogue.operations.values()
        if not one.skipped
        and one.method in METHODS
        and (
            one.audience is Audience.TENANT
            or (one.audience is Audience.SHARED and not one.mutates)
        )
    ]
    rest = [one for one in known if one not in made and one.method != "DELETE"]
    # What is inside first: deleting a project ends its tasks.
    deletions = [one for one in known if one.method == "DELETE"]
    deletions.sort(key=lambda one: len(needs(one)), reverse=True)
    return [*made, *rest, *deletions]


def _unfit(driver: Driver, operation: Operation) -> str:
    """Say why an operation is not for a swarm; "" if it is."""
    if operation.method == "GET" and operation.channel is Channel.STREAM:
        return "it answers with an endless stream"
    if operation.method == "DELETE":
        resources = driver.catalogue.resources
        needs = resources.needs(operation)
        ends = needs and resources.item(operation) == needs[-1]
        if not ends or resources.creator(needs[-1]) is None:
            return "it deletes what no operation makes again"
    return ""


async def _make_one(driver: Driver, operation: Operation) -> None:
    """Make an object for a deletion to end."""
    resources = driver.catalogue.resources
    creator = resources.creator(resources.needs(operation)[-1])
    if creator is not None:
        await as_owner(driver, creator, REHEARSED, role=Role.SEED)


def _prepared(
    driver: Driver, operation: Operation, case: int, fields: Fields
) -> Prepared:
    resources = driver.catalogue.resources
    pool = driver.catalogue.pool[operation.key]
    blanks = Blanks(operation.key, fields)
    rendered = pool[case % len(pool)].render(blanks.fill, write=blanks.write)
    needs, yields = resources.needs(operation), resources.yields(operation)
    depth = _keys_of(operation, driver) if needs else 0
    names = [p.name for p in resources.parameters(operation) if not p.tenant]
    keys = {name: blanks.key(place) for place, name in enumerate(names[:depth])}
    tenants = {
        name: blanks.parameter(name) for name in resources.tenant_parameters(operation)
    }
    values = {**rendered.path, **keys, **tenants}
    path = written_path(operation, values) or operation.path
    query = f"?{urlencode(rendered.query)}" if rendered.query else ""
    at_item = bool(yields) and ends_in_parameter(operation.path)
    return Prepared(
        operation=operation.key,
        audience=operation.audience,
        channel=operation.channel,
        method=operation.method,
        target=f"{path}{query}",
        headers=tuple((name.lower(), value) for name, value in rendered.headers),
        body=rendered.body.decode("latin-1"),
        content_type=rendered.content_type,
        blanks=tuple(blanks.made),
        needs=needs[-1] if needs else "",
        yields=yields,
        deletes=operation.method == "DELETE",
        key_name=resources.key_name(yields) if yields else "",
        key_mark=str(rendered.path.get(names[-1], "")) if at_item else "",
    )


def _keys_of(operation: Operation, driver: Driver) -> int:
    """Return how many keys lead to the object that an operation needs."""
    resources = driver.catalogue.resources
    last = resources.needs(operation)[-1]
    kinds = [p.kind for p in resources.parameters(operation) if not p.tenant]
    return kinds.index(last) + 1


class Blanks:
    """Puts blanks into request data.

    Attributes:
        made: Those that were put in so far.

    Args:
        operation: Key of the operation.
        fields: Numbers the places that canaries are planted in; None where only
            facts are written.
    """

    def __init__(self, operation: str, fields: Fields | None = None) -> None:
        self.made: list[Blank] = []
        self._operation = operation
        self._fields = fields

    def fill(self, slot: Slot) -> Any:
        """Return what stands for a slot."""
        if slot.place.startswith("query.") and slot.kind != "reference":
            # Every canary begins so: see the composer.
            return PREFIX if slot.min_length <= len(PREFIX) else slot.default
        default, bare = str(slot.default), slot.numeric or slot.kind == "integer"
        if slot.kind == "reference":
            name = slot.reference
            return self._mark("reference", name=name, default=default, bare=bare)
        if self._fields is None:
            return slot.default
        number = self._fields.number(f"{self._operation} {slot.place}")
        return self._mark(
            slot.kind,
            number=number,
            default=default,
            max_length=slot.max_length or 0,
            bare=bare,
            length=slot.min_length,
        )

    def write(self, text: str) -> str:
        """Return a template with a blank for each fact that it names."""
        parts: list[str] = []
        for literal, name, _, _ in string.Formatter().parse(text):
            parts.append(literal)
            if name is not None:
                parts.append(self._mark("fact", name=name))
        return "".join(parts)

    def key(self, place: int) -> str:
        """Return what stands for a key of the object that the path names."""
        return self._mark("key", number=place)

    def parameter(self, name: str) -> str:
        """Return what stands for a path parameter that selects the tenant."""
        return self._mark("parameter", name=name)

    def tree(self, template: Any) -> Any:
        """Return a JSON tree of templates with a blank for each fact."""
        if isinstance(template, str):
            return self.write(template)
        if isinstance(template, Mapping):
            return {key: self.tree(value) for key, value in template.items()}
        if isinstance(template, list | tuple):
            return [self.tree(value) for value in template]
        return template

    def _mark(self, kind: Any, *, length: int = 0, **what: Any) -> str:
        number = len(self.made)
        letters = string.ascii_lowercase
        mark = f"qqblank{letters[number // 26]}{letters[number % 26]}qq"
        # So long that nobody pads it: a value is as long as it must be.
        mark = mark.ljust(length, "q")
        self.made.append(Blank(mark, kind, **what))
        return mark


def entry_of(login: Login | None) -> Entry | None:
    """Return how users log in again, where that is one request."""
    if not isinstance(login, FormLogin | JsonLogin):
        return None
    blanks = Blanks(f"POST {login.path}")
    if isinstance(login, FormLogin):
        body, content_type = urlencode(blanks.tree(login.form)), FORM
    else:
        body, content_type = json.dumps(blanks.tree(login.body)), JSON
    request = Prepared(
        operation=f"POST {login.path}",
        audience=Audience.PUBLIC,
        method="POST",
        target=login.path,
        body=body,
        content_type=content_type,
        blanks=tuple(blanks.made),
    )
    return Entry(request, login.token, login.header.lower(), login.scheme)


def addresses_of(selector: Selector, tenants: Sequence[Tenant]) -> tuple[Address, ...]:
    """Return what selects each tenant."""
    return tuple(_addresses(selector, tenants))


def _addresses(selector: Selector, tenants: Sequence[Tenant]) -> Iterator[Address]:
    for tenant in tenants:
        chosen = selector.select(tenant) or Selection()
        yield Address(
            chosen.host, chosen.headers, chosen.prefix, dict(chosen.parameters)
        )
