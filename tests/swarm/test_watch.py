"""The watch sees what belongs to another tenant, and nothing else."""

from __future__ import annotations

import pytest

from harness.model.canary import FIELD_BEACON, FIELD_NAME, NO_TENANT, CanaryKey
from harness.model.event import Channel
from harness.model.prepared import Prepared
from harness.model.tenant import Tenant
from harness.swarm.crew.reply import Reply
from harness.swarm.crew.watch import CLOSELY, Watch

KEY = CanaryKey.from_seed(3)
READ = Prepared(operation="GET /notes", target="/notes")
PATH = "/notes"
OWN, OTHERS = KEY.mint(0, 20), KEY.mint(1, 20)


def tenant(index: int, *, knows: frozenset[tuple[int, int]] = frozenset()) -> Tenant:
    return Tenant(index, "slug", "name", "domain", "email", "password", knows=knows)


def watch(*tenants: Tenant, closely: bool = False) -> Watch:
    """Return a watch; by default one that has had its close look already."""
    made = Watch(KEY, tenants or (tenant(0), tenant(1)))
    if not closely:
        made.foreign(0, READ, PATH, reply(""))
    return made


def reply(body: str, *, status: int = 200, header: str = "") -> Reply:
    headers = (("X-Note", header),) if header else ()
    return Reply(
        status,
        body.encode(),
        lambda: headers,
        headers,
        None,
        0.0,
        0.0,
    )


def test_what_changes_in_a_known_answer_is_seen() -> None:
    seeing = watch()
    assert not seeing.foreign(0, READ, PATH, reply(f"{OWN}1"))
    assert not seeing.foreign(0, READ, PATH, reply(f"{OWN}1"))

    assert seeing.foreign(0, READ, PATH, reply(f"{OWN}1{OTHERS}"))
    assert seeing.foreign(1, READ, PATH, reply(f"{OWN}1"))


def test_own_data_are_no_news() -> None:
    assert not watch().foreign(0, READ, PATH, reply(f'{{"title": "{OWN}001"}}'))


def test_anothers_data_are_found_beside_ones_own() -> None:
    (found,) = watch().foreign(0, READ, PATH, reply(f"{OWN}1 {OWN}2 {OTHERS}3"))

    assert (found.hit.owner, found.hit.field) == (1, 20)
    assert found.channel is Channel.BODY


def test_the_body_of_a_refusal_is_a_channel_of_its_own() -> None:
    (found,) = watch().foreign(0, READ, PATH, reply(OTHERS, status=404))

    assert found.channel is Channel.ERROR


def test_a_header_is_named() -> None:
    (found,) = watch().foreign(0, READ, PATH, reply("", header=f"a {OTHERS}"))

    assert (found.channel, found.where) == (Channel.HEADER, "x-note")


def test_what_was_put_into_ones_own_fields_is_no_news() -> None:
    knowing = tenant(0, knows=frozenset({(1, 20)}))

    assert not watch(knowing, tenant(1)).foreign(0, READ, PATH, reply(OTHERS))
    assert watch(knowing, tenant(1)).foreign(0, READ, PATH, reply(KEY.mint(1, 21)))


def test_beacons_belong_to_nobody() -> None:
    assert not watch().foreign(0, READ, PATH, reply(KEY.mint(NO_TENANT, FIELD_BEACON)))


def test_a_token_behind_letters_that_look_like_one_is_found() -> None:
    assert watch().foreign(0, READ, PATH, reply(f"zqx{OTHERS}"))


def test_tokens_of_another_key_are_nobodys() -> None:
    foreign = CanaryKey.from_seed(4).mint(1, 20)

    assert not watch().foreign(0, READ, PATH, reply(foreign))


@pytest.mark.parametrize("changed", [OTHERS.upper(), OTHERS.encode().hex()])
def test_encoded_tokens_are_found_by_a_close_look(changed: str) -> None:
    seeing = watch(closely=True)

    seen = [
        bool(seeing.foreign(0, READ, PATH, reply(changed))) for _ in range(CLOSELY + 1)
    ]

    assert seen[0]
    assert seen[CLOSELY]
    assert not any(seen[1:CLOSELY])


def test_each_operation_and_each_tenant_gets_close_looks() -> None:
    seeing = watch(closely=True)
    other = Prepared(operation="GET /others", target="/others")

    assert seeing.foreign(0, READ, PATH, reply(OTHERS.upper()))
    assert seeing.foreign(0, other, PATH, reply(OTHERS.upper()))
    assert seeing.foreign(1, READ, PATH, reply(OWN.upper()))


def test_a_header_that_came_several_times_is_read_whole() -> None:
    headers = (("set-cookie", "a=b"), ("set-cookie", f"c={OTHERS}"))
    twice = Reply(200, b"", lambda: headers, [[*headers]], None, 0.0, 0.0)

    (found,) = watch().foreign(0, READ, PATH, twice)

    assert (found.channel, found.where) == (Channel.HEADER, "set-cookie")


def test_a_leak_in_a_header_is_seen_beside_a_body_that_is_known() -> None:
    seeing = watch()
    assert not seeing.foreign(0, READ, PATH, reply(OWN))

    assert seeing.foreign(0, READ, PATH, reply(OWN, header=OTHERS))


def test_a_leak_that_stays_is_seen_each_time() -> None:
    seeing = watch()

    assert all(seeing.foreign(0, READ, PATH, reply(OTHERS)) for _ in range(3))


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.swarm.crew.watch.REMEMBERED", 10_000)
    seeing = watch()
    for number in range(1000):
        assert not seeing.foreign(0, READ, f"/{number}", reply(OWN + "." * 1000))

    assert seeing.remembered < 12_000


def test_a_tenant_sights_its_data_and_not_just_its_name() -> None:
    seeing = watch()

    assert not seeing.sights(0, KEY.mint(0, FIELD_NAME).encode())
    assert not seeing.sights(0, OTHERS.encode())
    assert seeing.sights(0, OWN.encode())
