"""In which order operations are probed, and under which identities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.isolation.probing import Prober, in_order, pairs, strangers
from harness.model.event import Audience, Exchange, Unseen
from harness.model.step import Principal, Role
from harness.model.tenant import Tenant
from harness.target.login import CustomLogin, FormLogin
from harness.target.operation import Operation
from harness.target.selector import CredentialSelector
from harness.target.tools import Tools
from tests.isolation.staging import (
    CHANGE,
    CREATE,
    FLAG,
    LIST,
    READ,
    REMOVE,
    SWITCH,
    Staged,
    staged,
)

OTHER, MIXED, NOBODY = Principal(1, 1), Principal(1, 0), Principal(None, None)
DOOR = Principal(1, 0, door=0)
HALVES = {Principal(None, 0), Principal(1, None)}


async def probe(desk: Staged, *operations: str) -> list[bool]:
    """Probe operations on one boot."""
    async with desk.stage.boot() as driver:
        prober = Prober(driver, desk.stage)
        catalogue = desk.stage.catalogue
        return [await prober.probe(catalogue.operations[one]) for one in operations]


def who(exchanges: list[Exchange]) -> set[Principal]:
    return {one.principal for one in exchanges}


def test_what_destroys_comes_last_and_the_largest_very_last() -> None:
    keys = [
        "DELETE /projects/{id}",
        "PATCH /projects/{id}",
        "DELETE /projects/{id}/tasks/{id}",
        "PURGE /projects",
        "GET /projects/{id}/tasks",
        "POST /projects",
        "GET /projects",
        "HEAD /projects",
        "PUT /projects/{id}",
    ]
    listed = [
        Operation(method=method, path=path)
        for method, path in (key.split(" ") for key in keys)
    ]

    assert [one.key for one in in_order(listed)] == [
        "GET /projects",
        "GET /projects/{id}/tasks",
        "HEAD /projects",
        "POST /projects",
        "PUT /projects/{id}",
        "PATCH /projects/{id}",
        "DELETE /projects/{id}/tasks/{id}",
        "DELETE /projects/{id}",
        "PURGE /projects",
    ]


def test_two_tenants_are_each_others_victims_and_further_ones_attack_the_first() -> (
    None
):
    assert list(pairs(2)) == [(1, 0), (0, 1)]
    assert list(pairs(4)) == [(1, 0), (0, 1), (2, 0), (3, 0)]


async def minted(tools: Tools, tenant: Tenant) -> dict[str, str]:
    return {"authorization": f"Bearer of-{tenant.slug}"}


@pytest.mark.parametrize(
    ("fields", "tried"),
    [
        ({}, {OTHER, MIXED, DOOR, *HALVES, NOBODY}),
        (
            {"login": FormLogin(path="/form", token="token")},
            {OTHER, MIXED, DOOR, *HALVES, NOBODY},
        ),
        ({"login": CustomLogin(minted)}, {OTHER, MIXED, *HALVES, NOBODY}),
        ({"login": None}, {OTHER, MIXED, *HALVES, NOBODY}),
        ({"selector": CredentialSelector()}, {OTHER, NOBODY}),
    ],
)
async def test_identities_are_mixed_where_they_can_be_and_doors_tried_where_asked(
    tmp_path: Path, fields: dict[str, Any], tried: set[Principal]
) -> None:
    desk = await staged(tmp_path)

    identities = strangers(1, 0, desk.retold(**fields))

    assert set(identities) == tried
    assert len(identities) == len(tried)
    assert Principal(0, 0) not in identities


async def test_each_identity_asks_for_the_victims_own_object(tmp_path: Path) -> None:
    desk = await staged(tmp_path)

    assert await probe(desk, READ) == [True]

    for victim in (0, 1):
        probes = desk.probes(READ, on=victim)
        assert probes
        controls = {
            one.request
            for one in desk.exchanges()
            if one.operation == READ and one.role is Role.CONTROL
            if one.principal == Principal(victim, victim)
        }
        assert {one.request for one in probes} <= controls
    # The door stays shut: nobody gets in, and nobody asks.
    assert who(desk.probes(READ, on=1)) == {
        Principal(0, 0),
        Principal(0, 1),
        Principal(None, 1),
        Principal(0, None),
        NOBODY,
    }
    assert who(desk.probes(READ)) == {OTHER, MIXED, *HALVES, NOBODY, Principal(2, 2)}


async def test_a_door_that_opens_is_gone_through_once(tmp_path: Path) -> None:
    desk = await staged(tmp_path, "shared door")
    mark = desk.stage.recorder.mark

    await probe(desk, READ, LIST)

    assert DOOR in who(desk.probes(READ))
    assert DOOR in who(desk.probes(LIST))
    logins = [one for one in desk.exchanges(mark) if one.role is Role.LOGIN]
    assert {one.principal for one in logins} == {Principal(1, 0), Principal(0, 1)}
    assert len(logins) == 2


async def test_a_reading_that_names_nothing_is_not_tried_as_another_tenant(
    tmp_path: Path,
) -> None:
    # That would be the other tenant's control once more.
    desk = await staged(tmp_path)

    await probe(desk, LIST, SWITCH)

    assert who(desk.probes(LIST)) == {MIXED, *HALVES, NOBODY}
    assert OTHER in who(desk.probes(SWITCH))


async def test_an_operation_that_fails_for_its_owner_is_not_probed(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path, "no deletes")

    assert await probe(desk, REMOVE, READ) == [False, True]

    assert not desk.probes(REMOVE)
    assert desk.probes(READ)


async def test_destroying_never_runs_out_of_objects(tmp_path: Path) -> None:
    desk = await staged(tmp_path, "any token: DELETE")

    assert await probe(desk, REMOVE, REMOVE, REMOVE) == [True] * 3

    for victim, thief in ((0, 1), (1, 0)):
        mixed = [
            one
            for one in desk.probes(REMOVE, on=victim)
            if one.principal == Principal(thief, victim)
        ]
        assert [one.status for one in mixed] == [204] * 3
        assert len({one.request for one in mixed}) == 3


async def test_what_leaves_no_canary_is_tried_on_an_object_that_nobody_touched(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path)

    await probe(desk, REMOVE, CHANGE)

    for operation, objects in ((REMOVE, 6), (CHANGE, 1)):
        tried = {one.request for one in desk.probes(operation, on=0)}
        assert len(tried) == objects


async def test_what_is_changed_was_made_for_it(tmp_path: Path) -> None:
    desk = await staged(tmp_path)
    seeded = [len(owned) for owned in desk.stage.world.objects]
    mark = desk.stage.recorder.mark

    await probe(desk, CHANGE)

    asked = desk.exchanges(mark)
    made = [one for one in asked if one.operation == CREATE]
    assert [one.principal.credential for one in made] == [0, 1, 2]
    controls = [
        one.request
        for one in asked
        if one.operation == CHANGE and one.role is Role.CONTROL
    ]
    assert controls == [f"PUT /notes/{count + 1}" for count in seeded]


async def test_what_a_probe_would_write_is_not_there_before(tmp_path: Path) -> None:
    # A flag that is on already cannot be seen to be switched on.
    desk = await staged(tmp_path, "any token: PUT /flag")
    mark = desk.stage.recorder.mark

    await probe(desk, SWITCH)

    [probing] = [one for one in desk.probes(SWITCH) if one.principal == MIXED]
    asked = [one for one in desk.exchanges(mark) if one.operation == FLAG]
    [before] = [one.digest for one in asked if one.precedes == probing.id]
    after = {one.digest for one in asked if one.follows == probing.id}
    assert len(after) == 1
    assert before not in after


async def test_what_is_public_is_asked_for_as_tenants_and_as_nobody(
    tmp_path: Path,
) -> None:
    desk = await staged(tmp_path)

    assert await probe(desk, "GET /plans") == [True]

    asked = [one for one in desk.exchanges() if one.operation == "GET /plans"]
    nobodies = {Principal(None, 0), Principal(None, 1), NOBODY}
    assert who(asked) == nobodies | {Principal(one, one) for one in range(3)}
    assert all(one.audience is Audience.PUBLIC for one in asked)


async def test_nobody_signs_up_again_where_signing_up_was_seen(tmp_path: Path) -> None:
    desk = await staged(tmp_path)
    mark = desk.stage.recorder.mark

    assert await probe(desk, "POST /signup", "POST /login") == [True, True]

    asked = {one.operation for one in desk.exchanges(mark)}
    assert not asked & {"POST /signup", "POST /login"}


async def test_what_is_the_operators_is_only_read_by_tenants(tmp_path: Path) -> None:
    desk = await staged(tmp_path)

    assert await probe(desk, "GET /stats", "POST /stats") == [True, True]

    asked = [one for one in desk.exchanges() if one.operation.endswith("/stats")]
    assert {one.operation for one in asked} == {"GET /stats"}
    assert who(asked) == {Principal(0, 0), Principal(1, 1), NOBODY}


async def test_what_cannot_be_made_says_why(tmp_path: Path) -> None:
    desk = await staged(tmp_path, skip=(CREATE,))

    assert await probe(desk, READ) == [False]

    reasons = [
        one.reason
        for one in desk.stage.recorder.since()
        if isinstance(one, Unseen) and one.step == READ
    ]
    assert len(reasons) == 3
    assert set(reasons) == {"nothing of the kind /notes could be made"}
