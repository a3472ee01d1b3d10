"""What every storage's sessions do with the tables that no form shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from reference_app.storage.seam import Session, TenantStore, UsageRow
from tests.reference_app.stores import stores

Pair = tuple[TenantStore, TenantStore]


@pytest.fixture
async def pair(dsn: str, storage: str) -> AsyncIterator[Pair]:
    """Two tenants' stores; one connection serves both wherever they share a pool."""
    async with (
        stores(dsn, storage, shared_pool_max=1) as made,
        made.open("a", "b") as (a, b),
    ):
        yield a, b


async def boss(session: Session) -> int:
    """Return the id of a tenant's first member."""
    return (await session.members.page(1, 0))[0].id


async def newcomer(session: Session) -> int:
    """Add a member and return the id."""
    member = await session.members.create(
        email="jo@example.org", name="Jo", role="member", password_hash="x"
    )
    return member.id


async def test_a_conversation_is_remembered_in_its_order(pair: Pair) -> None:
    a, _ = pair
    async with a.session() as session:
        member = await boss(session)
        await session.messages.add(member, "user", "one")
        await session.messages.add(member, "assistant", "two")
        added = await session.messages.add(member, "user", "three ü")

    async with a.session() as session:
        last = await session.messages.last(member, 2)

    assert [(m.role, m.text) for m in last] == [
        ("assistant", "two"),
        ("user", "three ü"),
    ]
    assert last[-1] == added
    assert added.member_id == member


async def test_a_conversation_is_one_members_of_one_tenant(pair: Pair) -> None:
    a, b = pair
    async with a.session() as session:
        member, jo = await boss(session), await newcomer(session)
        await session.messages.add(member, "user", "of the boss")
        await session.messages.add(jo, "user", "of Jo")

    async with b.session() as session:
        for one in (member, jo):
            assert await session.messages.last(one, 9) == []
            await session.messages.clear(one)

    async with a.session() as session:
        assert [m.text for m in await session.messages.last(jo, 9)] == ["of Jo"]
        await session.messages.clear(jo)
        assert await session.messages.last(jo, 9) == []
        kept = await session.messages.last(member, 9)
    assert [message.text for message in kept] == ["of the boss"]


async def test_usage_is_added_up_by_member_from_a_moment_on(pair: Pair) -> None:
    a, b = pair
    async with a.session() as session:
        member, jo = await boss(session), await newcomer(session)
        await session.usage.add(member, requests=1, input_tokens=10, output_tokens=1)
        await session.usage.add(jo, requests=1, input_tokens=5, output_tokens=0)
        await session.usage.add(member, requests=2, input_tokens=30, output_tokens=4)
        start = (await session.messages.add(member, "user", "now")).created_at
    async with b.session() as session:
        theirs = await boss(session)
        await session.usage.add(theirs, requests=9, input_tokens=9, output_tokens=9)

    async with a.session() as session:
        everything = await session.usage.since(start - timedelta(hours=1))
        nothing = await session.usage.since(start + timedelta(hours=1))

    assert everything == [UsageRow(member, 3, 40, 5), UsageRow(jo, 1, 5, 0)]
    assert nothing == []


async def test_an_audit_trail_shows_the_newest_first(pair: Pair) -> None:
    a, b = pair
    async with b.session() as session:
        await session.audit.append(None, "imported", "all of B")
    async with a.session() as session:
        member = await boss(session)
        for number in range(4):
            await session.audit.append(member, "written", f"document {number}")
        await session.audit.append(None, "expired", "export 1")

        newest = await session.audit.page(2, 0)
        oldest = await session.audit.page(9, 4)

    assert [(e.member_id, e.action, e.subject) for e in newest] == [
        (None, "expired", "export 1"),
        (member, "written", "document 3"),
    ]
    assert [entry.subject for entry in oldest] == ["document 0"]


async def test_an_export_ends_once_with_a_file_or_without(pair: Pair) -> None:
    a, _ = pair
    async with a.session() as session:
        member = await boss(session)
        first, second = [await session.exports.create(member) for _ in range(2)]
        assert (first.status, first.member_id, first.finished_at) == (
            "pending",
            member,
            None,
        )
        assert await session.exports.content(first.id) is None

        assert await session.exports.finish(first.id, b"\x00\xff")
        assert await session.exports.fail(second.id)
        again = (
            await session.exports.finish(second.id, b"late"),
            await session.exports.fail(first.id),
        )

    async with a.session() as session:
        listed = await session.exports.page(9, 0)
        assert again == (False, False)
        assert [(e.id, e.status) for e in listed] == [
            (second.id, "failed"),
            (first.id, "done"),
        ]
        assert await session.exports.get(first.id) == listed[1]
        assert listed[1].finished_at is not None
        assert await session.exports.content(first.id) == b"\x00\xff"
        assert await session.exports.content(second.id) is None


async def test_an_export_of_one_tenant_means_nothing_to_another(pair: Pair) -> None:
    a, b = pair
    async with a.session() as session:
        member = await boss(session)
        await session.exports.finish(
            (await session.exports.create(member)).id, b"of A, first"
        )
        export = await session.exports.create(member)

    async with b.session() as session:
        assert await session.exports.get(export.id) is None
        assert await session.exports.content(export.id) is None
        assert not await session.exports.finish(export.id, b"of B")
        assert not await session.exports.fail(export.id)
        assert await session.exports.page(9, 0) == []

    async with a.session() as session:
        assert (await session.exports.get(export.id)) == export


async def test_webhooks_are_the_tenants_own_and_keep_their_secret(pair: Pair) -> None:
    a, b = pair
    async with a.session() as session:
        first = await session.webhooks.create("https://a.example/1", "s3cret")
        second = await session.webhooks.create("https://a.example/2", "other")
    async with b.session() as session:
        assert await session.webhooks.page(9, 0) == []
        assert await session.webhooks.all_with_secrets() == []
        assert not await session.webhooks.delete(second.id)

    async with a.session() as session:
        assert await session.webhooks.page(9, 0) == [first, second]
        assert await session.webhooks.page(1, 1) == [second]
        signing = await session.webhooks.all_with_secrets()
        assert await session.webhooks.delete(first.id)
        assert not await session.webhooks.delete(first.id)
        assert await session.webhooks.page(9, 0) == [second]

    assert [(one.webhook, one.secret) for one in signing] == [
        (first, "s3cret"),
        (second, "other"),
    ]
    assert "s3cret" not in repr(signing)


async def test_a_removed_tenant_leaves_nothing_and_can_come_again(
    dsn: str, database: asyncpg.Connection, storage: str
) -> None:
    async with stores(dsn, storage) as made:
        async with made.open("b"):
            pass
        before = await traces(database)
        leaving = await made.onboard("a")
        opened = made.foundation.storage.open(leaving)
        async with opened as store, store.session() as session:
            member = await boss(session)
            await session.documents.create("of A", "text")
            await session.messages.add(member, "user", "of A")
            await session.exports.create(member)
            await session.webhooks.create("https://a.example", "s3cret")
            await session.audit.append(member, "left", "the service")
            await session.usage.add(member, requests=1, input_tokens=1, output_tokens=1)

        assert await made.offboard(leaving)

        assert await traces(database) == before
        assert not await made.offboard(leaving)
        async with made.open("a") as (again,), again.session() as session:
            assert await session.documents.count() == 0
            assert await session.members.count() == 1


async def traces(database: asyncpg.Connection) -> set[tuple[str, ...]]:
    """Return what tenants leave on a server: places, and rows in shared tables."""
    rows = await database.fetch(
        "SELECT 'schema', nspname FROM pg_namespace WHERE nspname !~ '^pg_t' "
        "UNION ALL SELECT 'role', rolname FROM pg_roles "
        "UNION ALL SELECT 'database', datname FROM pg_database "
        "UNION ALL SELECT 'tenant', slug FROM control.tenants"
    )
    found = {tuple(row) for row in rows}
    tables = await database.fetch(
        "SELECT table_schema || '.' || table_name FROM information_schema.columns "
        "WHERE column_name = 'tenant_id'"
    )
    for (table,) in tables:
        count = await database.fetchval(f"SELECT count(*) FROM {table}")
        found.add((table, str(count)))
    return found
