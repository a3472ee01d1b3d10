"""What users of a worker share: tenants dealt out, schedules, filled requests."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass

import pytest
from hdrh.histogram import HdrHistogram

from harness.model.canary import CanaryKey
from harness.model.event import Channel
from harness.model.prepared import Address, Blank, Entry, Prepared
from harness.model.tenant import Tenant
from harness.model.world import Access, SeededObject, World
from harness.swarm.crew.account import Account
from harness.swarm.crew.asked import Asked
from harness.swarm.crew.counting import Counts
from harness.swarm.crew.form import Form
from harness.swarm.crew.gathering import Crew
from harness.swarm.crew.journal import Journal
from harness.swarm.crew.mix import Mix, uniform, zipf
from harness.swarm.crew.pacing import every
from harness.swarm.crew.renewal import access_of
from harness.swarm.crew.reply import Reply

KEY = CanaryKey.from_seed(3)


def account(index: int = 0, *, address: Address | None = None) -> Account:
    tenant = Tenant(
        index, f"slug-{index}", 'A "name"', "domain", "a+b@example.com", "pass&word"
    )
    return Account(
        tenant,
        address or Address(f"t{index}.example.com"),
        Access((("authorization", f"Bearer {index}"),)),
        (SeededObject("/notes", ("1",)),),
        key=KEY,
    )


def test_all_tenants_get_the_same_share() -> None:
    mix = Mix(uniform(5))

    assert Counter(mix.next() for _ in range(50)) == dict.fromkeys(range(5), 10)
    assert {mix.next() for _ in range(5)} == set(range(5))


def test_by_zipf_the_second_gets_half_of_the_first_and_nobody_is_left_out() -> None:
    mix = Mix(zipf(10, exponent=1.0))

    dealt = Counter(mix.next() for _ in range(2929))

    assert dealt[0] == pytest.approx(1000, rel=0.01)
    assert dealt[1] == pytest.approx(500, rel=0.01)
    assert dealt[9] == pytest.approx(100, rel=0.05)


def test_workers_together_deal_out_what_one_alone_would() -> None:
    alone = Mix(zipf(6, exponent=1.0))
    workers = [Mix(zipf(6, exponent=1.0), worker=n, workers=3) for n in range(3)]

    together = [worker.next() for _ in range(20) for worker in workers]

    assert together == [alone.next() for _ in range(60)]


@dataclass
class User:
    due: float = 0.0
    schedule: float = 0.0


def test_a_request_is_due_on_time_however_late_the_user_is() -> None:
    user, wait = User(), every(10.0)
    before = time.monotonic()
    assert wait(user) == pytest.approx(10.0, abs=1.0)
    first = user.due
    assert first == pytest.approx(before + 10.0, abs=1.0)

    # Its request took long: the next one has been due for a while already.
    user.schedule = before - 25.0
    assert wait(user) == 0.0
    assert user.due == before - 15.0


def body(blanks: tuple[Blank, ...], text: str, content_type: str) -> bytes:
    prepared = Prepared(
        operation="POST /notes",
        method="POST",
        target="/notes",
        body=text,
        content_type=content_type,
        blanks=blanks,
    )
    written = Form(prepared).write(account(), (), "00001")
    assert written.body is not None
    return written.body


def test_values_are_encoded_as_the_body_needs() -> None:
    name = Blank("qqblankaaqq", "fact", name="name")
    password = Blank("qqblankabqq", "fact", name="password")

    as_json = body((name,), '{"name": "qqblankaaqq"}', "application/json")
    as_form = body(
        (password,), "password=qqblankabqq", "application/x-www-form-urlencoded"
    )

    assert json.loads(as_json) == {"name": 'A "name"'}
    assert as_form == b"password=pass%26word"


def test_a_number_stands_without_quotes_and_a_text_keeps_to_its_length() -> None:
    number = Blank("qqblankaaqq", "integer", number=20, bare=True)
    text = Blank("qqblankabqq", "text", number=21, max_length=18)
    free = Blank("qqblankacqq", "text", number=22)

    sent = json.loads(
        body(
            (number, text, free),
            '{"n": "qqblankaaqq", "t": "qqblankabqq", "f": "qqblankacqq"}',
            "application/json",
        )
    )

    assert sent["n"] == KEY.mint_int(0, 20)
    assert sent["t"] == KEY.mint(0, 21)
    assert sent["f"] == f"{KEY.mint(0, 22)}00001"


def test_keys_in_paths_are_escaped_and_prefixed() -> None:
    key = Blank("qqblankaaqq", "key")
    prepared = Prepared(
        operation="GET /n/{k}", target="/n/qqblankaaqq?q=zqx", blanks=(key,), needs="/n"
    )
    at = account(address=Address("host", prefix="/t/a"))

    written = Form(prepared).write(at, ("a b/..",), "1")

    assert written.path == "/t/a/n/a%20b%2F..?q=zqx"
    assert Form(prepared).write(at, ("..",), "1").path == "/t/a/n/%2E%2E?q=zqx"


def test_an_object_in_use_is_not_deleted() -> None:
    mine = account()
    read = Prepared(operation="GET /notes/{id}", target="/notes/x", needs="/notes")
    delete = Prepared(
        operation="DELETE /notes/{id}",
        method="DELETE",
        target="/notes/x",
        needs="/notes",
        deletes=True,
    )
    assert not mine.can(delete)  # what was seeded stays
    mine.made("/notes", ("2",))
    assert mine.can(delete)

    taken = {mine.take(read) for _ in range(50)}
    assert taken == {("1",), ("2",)}
    assert not mine.can(delete)


def asked(form: Form, by: Account, *, at: Account | None = None, due: float) -> Asked:
    written = form.write(by, ("1",), "1")
    owner = (at or by).tenant.index
    return Asked(form, written, by, at or by, owner, due)


def reply(status: int, *, started: float = 10.0, ended: float = 10.1) -> Reply:
    return Reply(status, b"", tuple, (), None, started, ended)


NOTE = Form(Prepared(operation="GET /notes/{id}", target="/notes/1"))


def test_a_latency_counts_from_when_the_request_was_due() -> None:
    counts = Counts()

    counts.add(asked(NOTE, account(), due=8.0), reply(200))

    (of_tenant, of_operation) = counts.tallies("w")
    assert of_tenant.requests == of_operation.requests == 1
    assert of_tenant.served == 10.1
    latencies = HdrHistogram.decode(of_tenant.latencies)
    assert latencies.get_max_value() == pytest.approx(2_100_000, rel=0.01)


def test_who_strays_may_be_refused_and_is_not_timed_but_a_crash_counts() -> None:
    counts, mine, other = Counts(), account(), account(1)
    stray = asked(NOTE, mine, at=other, due=10.0)

    assert counts.add(stray, reply(404))
    assert counts.add(stray, reply(200))
    assert counts.total.requests == 0
    assert not counts.add(stray, reply(500))
    assert counts.total.failures == 1


def test_too_many_requests_are_neither_a_success_nor_a_failure() -> None:
    counts = Counts()

    assert counts.add(asked(NOTE, account(), due=10.0), reply(429))

    assert (counts.total.requests, counts.total.throttled) == (1, 1)
    assert counts.total.failures == 0
    assert counts.tenant(0).served < 0


def test_a_session_that_ended_is_no_failure_where_nobody_can_log_in_again() -> None:
    lasting, renewed = Counts(renewable=False), Counts()

    for counts in (lasting, renewed):
        assert not counts.add(asked(NOTE, account(), due=10.0), reply(401))

    (of_tenant, of_operation) = lasting.tallies("w")
    assert of_tenant.expired == of_operation.expired == 1
    assert (of_tenant.requests, of_tenant.failures) == (1, 0)
    assert [one.expired for one in renewed.tallies("w")] == [0, 0]
    assert renewed.total.failures == 1


def test_where_only_the_credential_selects_a_stray_is_one_whole_identity() -> None:
    shared = Address("localhost")
    mine, other = account(address=shared), account(1, address=shared)
    at_a_door = asked(NOTE, account(), at=account(1), due=0.0)
    by_credential = asked(NOTE, mine, at=other, due=0.0)

    assert not at_a_door.principal.whole
    assert by_credential.principal.whole
    assert by_credential.stray


@pytest.mark.parametrize(
    ("entry", "answer", "headers"),
    [
        ("data.token", b'{"data": {"token": "t"}}', (("authorization", "Bearer t"),)),
        ("data.token", b'{"data": {}}', None),
        ("data.token", b"<html>", None),
    ],
)
def test_a_token_is_taken_from_where_the_login_puts_it(
    entry: str, answer: bytes, headers: tuple[tuple[str, str], ...] | None
) -> None:
    login = Prepared(operation="POST /login", method="POST", target="/login")
    made = Entry(login, entry, "authorization", "Bearer")

    access = access_of(made, Reply(200, answer, tuple, (), None, 0.0, 0.0))

    assert (access.headers if access else None) == headers


def test_cookies_are_taken_where_there_is_no_token() -> None:
    login = Prepared(operation="POST /login", method="POST", target="/login")
    sent = (("Set-Cookie", "sid=abc; Path=/"), ("set-cookie", 'old=""; Max-Age=0'))

    access = access_of(
        Entry(login, "", "", ""), Reply(204, b"", lambda: sent, (), None, 0.0, 0.0)
    )

    assert access is not None
    assert access.headers == (("cookie", "sid=abc"),)


def flow(operation: str, channel: Channel) -> Prepared:
    return Prepared(operation=operation, target="/f", channel=channel, endless=True)


EVENTS = Form(flow("GET /events", Channel.STREAM))


def test_the_time_to_a_first_message_is_no_latency_of_the_tenant() -> None:
    counts = Counts()
    opening = asked(EVENTS, account(), due=9.0)

    counts.opened(opening)
    counts.began(opening, reply(200, ended=19.0))
    counts.add(asked(NOTE, account(), due=10.0), reply(200))

    tallies = {one.operation or one.tenant: one for one in counts.tallies("w")}
    of_tenant, of_flow = tallies[0], tallies["GET /events"]
    assert of_tenant.requests == 2
    longest = HdrHistogram.decode(of_tenant.latencies).get_max_value()
    assert longest == pytest.approx(100_000, rel=0.01)
    longest = HdrHistogram.decode(of_flow.latencies).get_max_value()
    assert longest == pytest.approx(10_000_000, rel=0.01)
    assert (of_flow.channel, of_tenant.channel) == ("stream", "")
    assert of_tenant.served == 10.1


def test_a_flow_that_breaks_off_failed_after_all() -> None:
    counts = Counts()
    opening = asked(EVENTS, account(), due=9.0)

    counts.opened(opening)
    counts.broke(opening, "closed with code 1011")

    assert (counts.total.requests, counts.total.failures) == (1, 1)
    for one in counts.tallies("w"):
        assert (one.requests, one.failures) == (1, 1)
        assert one.reasons == (("closed with code 1011", 1),)


def crew(*requests: Prepared) -> Crew:
    tenants = (account().tenant, account(1).tenant)
    world = World(
        url="",
        key=KEY.hex(),
        tenants=tenants,
        credentials=(Access(), Access()),
        objects=((), ()),
        fields={},
        addresses=(Address("a"), Address("b")),
        requests=requests,
    )
    return Crew(world, Journal(None))


def test_a_share_of_users_holds_something_open_in_turns() -> None:
    note = NOTE.prepared
    stream, socket = EVENTS.prepared, flow("WEBSOCKET /s", Channel.SOCKET)
    both, none = crew(note, stream, socket), crew(note)

    held = [both.next_flow(one_in=3) for _ in range(9)]

    names = [one.prepared.operation if one else "" for one in held]
    assert names == ["GET /events", "", "", "WEBSOCKET /s", "", "", *names[:3]]
    assert set(both.forms) == set(none.forms) == {note.operation}
    assert not any(none.next_flow(one_in=1) for _ in range(3))
    assert not any(both.next_flow(one_in=0) for _ in range(3))
