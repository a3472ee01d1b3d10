"""Requests that tenants can make are written down once, for all of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from harness.hosting.hosted import Request, Response
from harness.model.canary import CanaryKey
from harness.model.event import Note
from harness.model.prepared import WORD, Address, Prepared
from harness.model.tenant import Tenant
from harness.model.world import Access, World
from harness.provisioning.addresses import Addresses
from harness.provisioning.blanks import Blanks
from harness.provisioning.catalogue import make_catalogue
from harness.provisioning.fields import Fields
from harness.provisioning.preparing import write_down
from harness.provisioning.worlds import read_world, write_world
from harness.swarm.crew.account import Account
from harness.swarm.crew.form import Form
from harness.swarm.crew.reading import read_world as read_lightly
from harness.swarm.crew.reply import Reply
from harness.target.leaves import Slot
from harness.target.socket import Socket
from tests.provisioning.opening import Opened, opened
from tests.provisioning.shops import shop


def account_of(world: World, index: int) -> Account:
    return Account(
        world.tenants[index],
        world.addresses[index],
        world.credentials[index],
        world.objects[index],
        key=CanaryKey.from_hex(world.key),
    )


async def send(app: Opened, account: Account, form: Form, unique: str) -> Response:
    prepared = form.prepared
    keys = account.take(prepared)
    written = form.write(account, keys, unique)
    headers = {**written.headers, **account.selecting(), **account.identifying()}
    body = written.body or b""
    headers["content-length"] = str(len(body))
    pairs = tuple((n.encode(), v.encode()) for n, v in headers.items())
    answer = await app.hosted.send(
        Request(prepared.method, written.path, pairs, body), timeout=60
    )
    account.give_back(prepared, keys)
    if prepared.yields and 200 <= answer.status < 300:
        reply = Reply(answer.status, answer.body, tuple, (), None, 0.0, 0.0)
        key = form.key_of(written) or form.key_from(reply)
        account.made(prepared.yields, (*keys, key))
    return answer


def by_operation(world: World) -> dict[str, Prepared]:
    return {one.operation: one for one in world.requests}


async def test_each_prepared_request_works_for_each_tenant_again_and_again() -> None:
    async with opened(shop()) as app:
        world = await app.furnished(tenants=3)
        forms = [Form(one) for one in world.requests]
        # What is made is deleted again, and not before.
        forms.sort(key=lambda form: form.prepared.deletes)
        failed = []
        for tenant in range(3):
            account = account_of(world, tenant)
            for number in range(3):
                for form in forms:
                    if not account.can(form.prepared):
                        continue
                    answer = await send(app, account, form, f"00{number}")
                    if not 200 <= answer.status < 300:
                        failed.append((form.prepared.operation, answer.status))

    assert not failed
    operations = by_operation(world)
    assert operations["POST /shelves"].yields == "/shelves"
    assert operations["GET /shelves/{shelf_id}"].needs == "/shelves"
    assert operations["DELETE /shelves/{number}"].deletes


async def test_what_is_written_carries_the_canary_of_whoever_writes_it() -> None:
    async with opened(shop()) as app:
        world = await app.furnished(tenants=2)
    form = Form(by_operation(world)["POST /shelves"])
    scanner = app.scene.recorder.scanner

    owners = []
    for tenant in range(2):
        written = form.write(account_of(world, tenant), (), "001")
        hits = scanner.literal(written.body or b"")
        owners.append({hit.owner for hit in hits})
        assert json.loads(written.body or b"")

    assert owners == [{0}, {1}]


async def test_nobody_deletes_what_the_world_was_seeded_with() -> None:
    async with opened(shop()) as app:
        world = await app.furnished(tenants=2)
    account = account_of(world, 0)
    deletion = by_operation(world)["DELETE /shelves/{number}"]

    assert not account.can(deletion)
    account.made("/shelves", ("77",))
    assert account.take(deletion) == ("77",)
    assert not account.can(deletion)


async def test_what_does_not_work_is_left_out_and_noted() -> None:
    async with opened(shop(skip=("POST /shelves",))) as app:
        world = await app.furnished(tenants=2)
        notes = [
            one.text for one in app.scene.recorder.since() if isinstance(one, Note)
        ]

    assert "DELETE /shelves/{number}" not in by_operation(world)
    assert any("DELETE /shelves/{number}" in note for note in notes)


async def test_a_worker_reads_a_world_as_it_was_written(tmp_path: Path) -> None:
    async with opened(shop()) as app:
        world = await app.furnished(tenants=4)
    path = tmp_path / "world.json"

    write_world(path, world)

    assert read_world(path) == world
    assert read_lightly(path) == world
    assert world.entry is not None
    assert world.entry.token == "data.token"


async def test_a_credential_goes_into_a_sockets_query_or_first_message() -> None:
    first = {"token": "{token}", "version": 1}
    sockets = (
        Socket("/socket", query={"access_token": "{token}", "v": "1"}),
        Socket("/rooms/{note_id}", first=first, sends=({"say": "{canary}"}, "bye")),
        Socket("/plain"),
    )
    catalogue = make_catalogue(shop(sockets=sockets), b"", seed=1)
    written = {}
    for operation in catalogue.operations.values():
        prepared = write_down(operation, catalogue, 0, Naming())
        written[operation.path] = (prepared, Form(prepared).write(mine(), ("7",), "1"))

    by_query, (by_first, said), plain = (
        written["/socket"][1],
        written["/rooms/{note_id}"],
        written["/plain"][0],
    )
    assert by_query.path == "/socket?access_token=to%2Fken&v=1"
    assert by_query.body is None
    messages = json.loads(said.body or b"")
    assert messages[0] == {"token": "to/ken", "version": 1}
    assert CanaryKey.from_seed(7).decode(messages[1]["say"][:17]) is not None
    assert messages[2] == "bye"
    assert not by_first.by_header
    assert plain.by_header
    assert not plain.body


@dataclass(frozen=True)
class Naming:
    fields: Fields = field(default_factory=Fields)
    addresses: Addresses = field(default_factory=Addresses)


def mine() -> Account:
    tenant = Tenant(0, "a", "a", "a.example.com", "a@example.com", "secret")
    access = Access((("authorization", "Bearer to/ken"),))
    key = CanaryKey.from_seed(7)
    return Account(tenant, Address("a.example.com"), access, (), key=key)


async def test_an_address_is_as_the_app_takes_it_with_its_writers_canary() -> None:
    for base, refused, expected in (
        ("http://127.0.0.1:99", 0, "http://127.0.0.1:99/{}1"),
        ("http://127.0.0.1:99", 1, "https://{}1.example.com/"),
    ):
        addresses = Addresses(base)
        for _ in range(refused):
            addresses.refused("POST /hooks")
        blanks = Blanks(
            "POST /hooks", Fields(), address=addresses.write("POST /hooks", WORD)
        )
        mark = blanks.fill(Slot("body.url", "url"))
        prepared = Prepared(
            operation="POST /hooks",
            method="POST",
            target="/hooks",
            body=json.dumps({"url": mark}),
            content_type="application/json",
            blanks=tuple(blanks.made),
        )
        written = Form(prepared).write(mine(), (), "1")
        token = mine().token(blanks.made[0].number)

        assert json.loads(written.body or b"") == {"url": expected.format(token)}
