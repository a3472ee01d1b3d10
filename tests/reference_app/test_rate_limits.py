"""Each tenant and each member has buckets of its own, and is told how they stand."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from websockets.exceptions import InvalidStatus

from reference_app.limits.bucket import Bucket, Standing
from reference_app.limits.rate_limits import LimitReached, Members, RateLimits, Rates
from tests.reference_app.running import PASSWORD, TenantClient, running
from tests.reference_app.serving import said, serving


@dataclass
class Clock:
    """Time that passes when it is told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def taken(limits: RateLimits, member_id: int | None, times: int) -> int:
    """Return how many of so many requests were let through."""
    through = 0
    for _ in range(times):
        try:
            limits.take(member_id)
        except LimitReached:
            continue
        through += 1
    return through


def test_a_bucket_says_how_it_stands() -> None:
    clock = Clock()
    bucket = Bucket(60, clock)

    assert bucket.standing() == Standing(60, 60, reset=0, retry_after=0)
    for _ in range(60):
        bucket.take()
    assert bucket.standing() == Standing(60, 0, reset=60, retry_after=1)
    clock.now += 0.5
    assert bucket.standing() == Standing(60, 0, reset=60, retry_after=1)
    clock.now += 1.5
    assert bucket.standing() == Standing(60, 2, reset=58, retry_after=0)


def test_whoever_waits_as_long_as_told_is_let_through() -> None:
    clock = Clock()
    limits = RateLimits(Rates(tenant=100, member=7), clock=clock)
    assert taken(limits, 1, 100) == 7

    with pytest.raises(LimitReached) as reached:
        limits.take(1)
    clock.now += reached.value.standing.retry_after

    limits.take(1)


def test_a_member_who_hammers_uses_up_nobody_elses() -> None:
    limits = RateLimits(Rates(tenant=20, member=5), clock=Clock())

    assert taken(limits, 1, 1000) == 5
    assert taken(limits, 2, 1000) == 5
    assert taken(limits, None, 1000) == 5


def test_all_members_together_have_what_the_tenant_has() -> None:
    limits = RateLimits(Rates(tenant=12, member=5), clock=Clock())

    assert [taken(limits, number, 5) for number in range(4)] == [5, 5, 2, 0]


def test_only_members_whose_buckets_are_not_full_are_remembered() -> None:
    clock = Clock()
    kept: Members = {}
    limits = RateLimits(Rates(tenant=6000, member=60), clock=clock, members=kept)
    for number in range(1000):
        limits.take(number)
    written(limits)
    clock.now += 0.5
    taken(limits, 7, 10)
    written(limits)

    limits.forget_full()
    assert len(kept) == 1000
    clock.now += 0.5
    limits.forget_full()

    assert set(kept) == {7}
    assert limits.standing(7).remaining == 60 - 10


def test_a_bucket_of_which_something_is_unwritten_is_not_given_up() -> None:
    clock = Clock()
    kept: Members = {}
    limits = RateLimits(Rates(tenant=60, member=60), clock=clock, members=kept)
    limits.take(1)
    clock.now += 60

    limits.forget_full()
    assert set(kept) == {1}
    written(limits)
    limits.forget_full()

    assert not kept


def test_loaded_buckets_are_as_those_that_were_left() -> None:
    clock = Clock()
    left = RateLimits(Rates(tenant=120, member=60), clock=clock)
    taken(left, 1, 40)
    taken(left, None, 20)
    clock.now += 5
    full_in = {name: use.full_in for name, use in left.unwritten().items()}

    again = RateLimits(Rates(tenant=120, member=60), clock=clock)
    again.load(full_in)

    for member_id in (1, 2, None):
        assert again.standing(member_id) == left.standing(member_id)
    assert again.unwritten() == {}


def test_what_others_have_taken_is_taken_out_too_and_only_that() -> None:
    limits = RateLimits(Rates(tenant=1000, member=60), clock=Clock())
    taken(limits, 1, 10)
    use = limits.unwritten()["1"]
    taken(limits, 1, 5)

    limits.written("1", use, use.full_in + 20)

    assert limits.standing(1).remaining == 60 - 10 - 5 - 20
    assert limits.unwritten()["1"].requests == 5


def written(limits: RateLimits) -> None:
    for name, use in limits.unwritten().items():
        limits.written(name, use, use.full_in)


async def member(app: TenantClient, slug: str) -> TenantClient:
    new = {"email": f"eve@{slug}.example", "name": "eve", "password": PASSWORD}
    assert (await app.post("/members", new)).status_code == 201
    return await app.running.log_in(slug, new["email"])


async def test_too_many_requests_are_429_with_what_is_left_and_when_to_come_back(
    dsn: str,
) -> None:
    async with running(dsn) as app:
        terms = {"requests_per_minute": 1000, "member_requests_per_minute": 6}
        a = await app.tenant("a", **terms)
        b = await app.tenant("b")
        eve = await member(a, "a")

        answers = [await a.get("/documents/count") for _ in range(8)]
        refused = answers[-1]

        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
        assert refused.json()["type"] == "urn:problem:too-many-requests"
        assert refused.headers["ratelimit-limit"] == "6"
        assert refused.headers["ratelimit-remaining"] == "0"
        assert 1 <= int(refused.headers["ratelimit-reset"]) <= 60
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        for other in (eve, b):
            assert (await other.get("/documents/count")).status_code == 200
        usage = (await eve.get("/usage")).json()["requests"]
        assert usage["limit"] == 6
        assert usage["remaining"] == 4


async def test_a_tenant_has_its_own_terms_after_a_restart_too(dsn: str) -> None:
    async with running(dsn) as app:
        await app.onboard("a", member_requests_per_minute=3)
        await app.onboard("b")

    async with running(dsn, member_requests_per_minute=5) as app:
        limits = [
            (await (await app.log_in(slug)).get("/usage")).json()["requests"]["limit"]
            for slug in ("a", "b")
        ]

    assert limits == [3, 5]


async def test_who_is_not_logged_in_takes_nothing_from_members(dsn: str) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a", member_requests_per_minute=5)
        strangers = [
            await app.send("GET", "/plans", host="a.localhost") for _ in "12345"
        ]
        forged = await app.send("GET", "/usage", host="a.localhost", token="x")
        form = {"username": "boss@a.example", "password": PASSWORD}
        login = await app.send("POST", "/token", host="a.localhost", data=form)

        assert [answer.status_code for answer in strangers] == [200] * 4 + [429]
        assert [forged.status_code, login.status_code] == [429, 429]
        assert (await a.get("/usage")).json()["requests"]["remaining"] == 4


async def test_a_socket_counts_as_a_request(dsn: str) -> None:
    async with serving(dsn) as app:
        a = await app.tenant("a", member_requests_per_minute=2)
        for _ in range(2):
            async with a.socket() as open_one:
                assert (await said(open_one))["type"] == "ready"

        with pytest.raises(InvalidStatus) as refused:
            async with a.socket():
                pass

        assert refused.value.response.status_code == 429
        assert refused.value.response.headers["ratelimit-limit"] == "2"
