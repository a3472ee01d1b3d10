"""Preparing: writes down, as data, the requests that tenants of a world can make."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlencode

from harness.model.event import Audience, Note
from harness.model.prepared import WORD, Address, Entry, Prepared
from harness.model.step import Role
from harness.provisioning.blanks import Blanks
from harness.provisioning.composing import written_path
from harness.provisioning.seeding import as_owner, creators
from harness.target.login import FormLogin, JsonLogin
from harness.target.media import FORM, JSON
from harness.target.operation import WEBSOCKET
from harness.target.routes import ends_in_parameter
from harness.target.selector import Selection
from harness.target.socket import with_token

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from harness.model.event import Exchange
    from harness.model.tenant import Tenant
    from harness.provisioning.addresses import Addresses
    from harness.provisioning.catalogue import Catalogue
    from harness.provisioning.driver import Driver
    from harness.provisioning.fields import Fields
    from harness.provisioning.stage import Scene
    from harness.target.login import Login
    from harness.target.operation import Operation
    from harness.target.resources import Resources
    from harness.target.selector import Selector
    from harness.target.socket import Socket

REHEARSED: Final = 0
"""Index of the tenant that tries each request out."""
METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


class Names(Protocol):
    """What places and addresses are called in one run; a scene is that."""

    @property
    def fields(self) -> Fields:
        """Numbers the places that canaries are planted in."""
        ...

    @property
    def addresses(self) -> Addresses:
        """Writes the URLs that requests carry."""
        ...


async def prepare(
    driver: Driver, scene: Scene, among: Container[str]
) -> tuple[Prepared, ...]:
    """Try the operations as their owner and write down those that work.

    Left out, and noted, are those that do not, and deletions that end no object of a
    kind that can be made again: nobody must delete what others need.

    Args:
        driver: Of the running app, whose world is seeded.
        scene: Numbers the places that canaries are planted in, knows the addresses
            that the app takes, and learns what was left out.
        among: Keys of the operations to try.
    """
    prepared: list[Prepared] = []
    for operation in _in_order(driver):
        if operation.key not in among:
            continue
        reason = _unfit(driver, operation)
        if not reason and operation.method == "DELETE":
            await _make_one(driver, operation)
        if not reason:
            step, made = await as_owner(driver, operation, REHEARSED, role=Role.SEED)
            reason = _failure(operation, made)
            if made is not None and not reason:
                one = write_down(operation, driver.catalogue, step.case, scene)
                prepared.append(_going_on(one, made))
                continue
        note = f"not asked for by any user: {operation.key}: {reason}"
        scene.recorder.add(Note("note", note))
    return tuple(prepared)


def _failure(operation: Operation, made: Exchange | None) -> str:
    """Say why a request that was tried is not for users; "" if it is."""
    if made is None or not made.status:
        return "it could not be made"
    if not made.succeeded:
        return f"it ended with {made.status}"
    listens = operation.method in {"GET", WEBSOCKET}
    if made.endless and not (listens and operation.audience is Audience.TENANT):
        return "it answers with an endless stream"
    return ""


def _going_on(prepared: Prepared, made: Exchange) -> Prepared:
    """Return what was prepared with what only the answer told of it."""
    if not made.endless:
        return prepared
    return replace(prepared, endless=True, channel=made.through)


def _in_order(driver: Driver) -> list[Operation]:
    """Return what tenants may ask, in an order in which each has what it needs."""
    needs = driver.catalogue.resources.needs
    made = creators(driver)
    known = [
        one
        for one in driver.catalogue.operations.values()
        if not one.skipped
        and one.method in {*METHODS, WEBSOCKET}
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


def write_down(
    operation: Operation, catalogue: Catalogue, case: int, scene: Names
) -> Prepared:
    """Return a request of an operation as data, for any tenant to fill.

    Args:
        operation: Which.
        catalogue: What it is one of.
        case: Which of its request variants.
        scene: Numbers the places of canaries, and knows what addresses look like.
    """
    resources, pool = catalogue.resources, catalogue.pool[operation.key]
    address = scene.addresses.write(operation.key, WORD)
    blanks = Blanks(operation.key, scene.fields, address=address)
    rendered = pool[case % len(pool)].render(blanks.fill, write=blanks.write)
    needs, yields = resources.needs(operation), resources.yields(operation)
    depth = _keys_of(operation, resources) if needs else 0
    names = [p.name for p in resources.parameters(operation) if not p.tenant]
    keys = {name: blanks.key(place) for place, name in enumerate(names[:depth])}
    tenants = {
        name: blanks.parameter(name) for name in resources.tenant_parameters(operation)
    }
    values = {**rendered.path, **keys, **tenants}
    path = written_path(operation, values) or operation.path
    body, query = rendered.body, dict(rendered.query)
    if operation.socket is not None:
        body, query = _said(operation.socket, body, blanks)
    asked = f"?{urlencode(query)}" if query else ""
    at_item = bool(yields) and ends_in_parameter(operation.path)
    return Prepared(
        operation=operation.key,
        audience=operation.audience,
        channel=operation.channel,
        method=operation.method,
        target=f"{path}{asked}",
        headers=tuple((name.lower(), value) for name, value in rendered.headers),
        body=body.decode("latin-1"),
        content_type=JSON if operation.socket else rendered.content_type,
        blanks=tuple(blanks.made),
        needs=needs[-1] if needs else "",
        yields=yields,
        deletes=operation.method == "DELETE",
        key_name=resources.key_name(yields) if yields else "",
        key_mark=str(rendered.path.get(names[-1], "")) if at_item else "",
        by_header=operation.socket is None or operation.socket.by_header,
    )


def _said(socket: Socket, body: bytes, blanks: Blanks) -> tuple[bytes, dict[str, str]]:
    """Return what is said on a socket, as JSON, and the query of its handshake."""
    said = json.loads(body) if body else []
    token = "" if socket.by_header else blanks.token()
    if socket.first is not None:
        said = [with_token(socket.first, token), *said]
    query = {name: with_token(value, token) for name, value in socket.query.items()}
    return json.dumps(said).encode() if said else b"", query


def _keys_of(operation: Operation, resources: Resources) -> int:
    """Return how many keys lead to the object that an operation needs."""
    last = resources.needs(operation)[-1]
    kinds = [p.kind for p in resources.parameters(operation) if not p.tenant]
    return kinds.index(last) + 1


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
