"""A server rests while an image is taken, and another one comes up with it."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from harness.environment.embedded import embedded
from harness.environment.server import Postgres
from harness.environment.snapshots.archive import Unfit
from harness.environment.snapshots.image import ARCHIVE, Image, save_image


async def run(dsn: str, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close()


async def provision(pg: Postgres) -> None:
    await run(pg.dsn, "create database app")
    await run(pg.dsn, "create role tenant_a")
    await run(pg.dsn_of("app"), "create table notes (text text)")
    await run(pg.dsn_of("app"), "insert into notes values ('kept')")


async def saved(pg: Postgres, draft: Path, *telltales: str) -> Image:
    assert pg.resting is not None
    async with pg.resting() as resting:
        await save_image(resting, draft, database="app", telltales=telltales)
    return Image.read(draft)


async def test_a_server_goes_on_after_its_image_was_taken(
    home: Path, tmp_path: Path
) -> None:
    async with embedded(reason="a test", home=home) as pg:
        await provision(pg)
        await saved(pg, tmp_path)

        await run(pg.dsn_of("app"), "insert into notes values ('later')")
        rows = await run(pg.dsn_of("app"), "select text from notes")

    assert [row["text"] for row in rows] == ["kept", "later"]


async def test_another_server_comes_up_with_all_that_was_there_and_its_own_secret(
    home: Path, tmp_path: Path
) -> None:
    async with embedded(reason="a test", home=home) as pg:
        await provision(pg)
        image = await saved(pg, tmp_path)
        await run(pg.dsn_of("app"), "insert into notes values ('later')")

    async with embedded(reason="a test", home=home, image=image) as clone:
        rows = await run(clone.dsn_of(image.database), "select text from notes")
        roles = await run(
            clone.dsn, "select 1 from pg_roles where rolname = 'tenant_a'"
        )
        await run(clone.dsn_of("app"), "insert into notes values ('here')")

        assert clone.restored
        assert clone.password not in {pg.password, image.password}
    async with embedded(reason="a test", home=home, image=image) as again:
        fresh = await run(again.dsn_of("app"), "select text from notes")

    assert [row["text"] for row in rows] == ["kept"]
    assert [row["text"] for row in fresh] == ["kept"]
    assert roles


async def test_an_image_is_small_although_much_was_logged(
    home: Path, tmp_path: Path
) -> None:
    async with embedded(reason="a test", home=home) as pg:
        await provision(pg)
        await run(
            pg.dsn_of("app"),
            "insert into notes select gen_random_uuid()"
            " from generate_series(1, 500000)",
        )
        await run(pg.dsn_of("app"), "truncate notes")
        image = await saved(pg, tmp_path)

    assert image.archive.stat().st_size < 8_000_000


@pytest.mark.parametrize("damage", ["cut", "gone"])
async def test_with_a_damaged_image_a_server_comes_up_empty_and_says_so(
    home: Path, tmp_path: Path, damage: str
) -> None:
    async with embedded(reason="a test", home=home) as pg:
        await provision(pg)
        image = await saved(pg, tmp_path)
    data = image.archive.read_bytes()
    if damage == "cut":
        image.archive.write_bytes(data[: len(data) // 2])
    else:
        image.archive.unlink()

    async with embedded(reason="a test", home=home, image=image) as pg:
        names = await run(pg.dsn, "select datname from pg_database")

        assert not pg.restored
        assert "app" not in {row["datname"] for row in names}


async def test_data_that_hold_the_servers_address_make_no_image(
    home: Path, tmp_path: Path
) -> None:
    async with embedded(reason="a test", home=home) as pg:
        await provision(pg)
        await run(pg.dsn_of("app"), f"insert into notes values ('{pg.dsn}')")

        with pytest.raises(Unfit, match="address or the password"):
            await saved(pg, tmp_path, pg.password, f"{pg.host}:{pg.port}")

        rows = await run(pg.dsn_of("app"), "select text from notes")
        assert len(rows) == 2
    assert not (tmp_path / "server.json").exists()


def test_what_is_no_image_is_not_read_as_one(tmp_path: Path) -> None:
    (tmp_path / ARCHIVE).touch()
    with pytest.raises(Unfit):
        Image.read(tmp_path)
    (tmp_path / "server.json").write_text('{"password": "x"}')
    with pytest.raises(Unfit):
        Image.read(tmp_path)
