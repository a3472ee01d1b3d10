"""Who meets whom, in which schedule; and what is left when one round is enough."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from harness.errors import UsageError
from harness.exploring.grounds import Inputs
from harness.exploring.rounds import Round, numbered, read, written
from harness.isolation.cutting import cut
from harness.isolation.meetings import ROUNDS, Meetings, Rehearsed, met
from harness.model.step import Principal, Role, Step
from harness.provisioning.catalogue import Catalogue
from harness.scheduling.choice import CLOCK, Key
from harness.scheduling.tape import Deviation
from harness.target.operation import Operation
from harness.target.resources import Resources
from tests.checkers.plays import A, B, Play
from tests.isolation.staging import own

PATHS = [f"/things{n}" for n in range(10)]
KEYS = [f"{verb} {path}" for path in PATHS for verb in ("GET", "POST")]


def meetings(*, seed: int = 0, enters: bool = False) -> Meetings:
    split = {key: key.split() for key in KEYS}
    made = {
        key: Operation(method=method, path=path)
        for key, (method, path) in split.items()
    }
    catalogue = Catalogue(made, Resources(made.values()), {})
    works = [
        Rehearsed(one, {who: own(one.key, who) for who in range(3)})
        for one in sorted(made.values(), key=lambda one: one.method)
    ]
    return Meetings(works, "GET /things0", catalogue, seed=seed, enters=enters)


def a_course(rounds: Meetings) -> list[Round]:
    """Return the rounds of the first course: all operations, by two tenants each."""
    schedules = -(-len(KEYS) // ROUNDS)
    return [one for each in islice(rounds, schedules) for one in each[1:]]


def test_every_operation_meets_itself_before_any_takes_part_twice() -> None:
    met = Counter(
        step.operation for one in a_course(meetings()) for step in one.together
    )

    assert met == dict.fromkeys(KEYS, 2)


def test_those_who_meet_are_different_tenants_who_all_asked_before() -> None:
    for warming, *rounds in islice(meetings(), 30):
        asked = {step.principal.credential for step in warming.before}
        for one in rounds:
            who = {step.principal.credential for step in one.together}
            assert len(who) > 1
            assert who <= asked


def test_what_changes_something_is_looked_at_by_all_who_met() -> None:
    changing = [
        one
        for one in a_course(meetings())
        if any(step.operation.startswith("POST") for step in one.together)
    ]

    assert changing
    for one in changing:
        met = {step.principal.credential for step in one.together}
        path = one.together[0].operation.partition(" ")[2]
        looked = {
            step.principal.credential
            for step in one.after
            if step.operation == f"GET {path}"
        }
        assert met <= looked


def test_who_stays_asks_again_after_somebody_may_have_left() -> None:
    leaving = [one for one in a_course(meetings()) if one.leaves is not None]

    assert leaving
    for one in leaving:
        left = one.together[one.leaves or 0].principal.credential
        assert one.after[0].principal.credential != left


def test_a_seed_draws_the_same_again_and_another_one_something_else() -> None:
    first, again, other = (tuple(islice(meetings(seed=seed), 5)) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_all_log_in_first_where_logins_do_not_last() -> None:
    warming, *rounds = next(iter(meetings(enters=True)))

    assert warming.enters == (0, 1, 2)
    assert not any(one.enters for one in rounds)


def test_rounds_come_back_out_of_a_token_as_they_went_in() -> None:
    probe = Step("GET /a/{id}", Principal(1, 1), 0, Role.PROBE, case=2, pick=1)
    rounds = (
        Round(enters=(0, 1), before=(own("GET /b"),)),
        Round(
            together=(own("GET /a/{id}"), probe), leaves=1, after=(own("GET /b", 1),)
        ),
    )

    assert read(written(rounds), tenants=2) == rounds


@pytest.mark.parametrize(
    "value",
    [
        {},
        [1],
        [{"together": [["GET /b", 0, 0, 0, 0]]}],
        [{"enters": [2], "before": [], "together": [], "after": []}],
        [
            {
                "enters": [],
                "before": [],
                "after": [],
                "together": [["GET /b", 7, 0, 0, 0, 0]],
            }
        ],
    ],
    ids=["no list", "no round", "a part missing", "no such tenant", "nor this one"],
)
def test_what_is_no_round_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="no replay token"):
        read(value, tenants=2)


def test_a_round_is_cut_out_with_its_requests_and_orders_renumbered() -> None:
    warming = Round(before=(own("GET /b"), own("GET /b", 1)))
    rounds = [Round(together=(own(f"GET /{n}"), own(f"GET /{n}", 1))) for n in range(3)]
    inputs = Inputs((0, 1), rounds=(warming, *rounds))
    kept = Deviation(Key("request 8", 1, "cancel sent"), Key("request 7", 2))
    opens = Deviation(Key("request 7 opens A", 0))
    others = (
        Deviation(Key("request 5", 1), Key("request 6", 0)),
        Deviation(Key(CLOCK, 3)),
        Deviation(Key("request 7", 1), Key("request 5", 0)),
    )

    short, tape = cut(inputs, (kept, *others, opens), {0, 3})

    assert short.rounds == (warming, rounds[2])
    assert [numbers for _, numbers in numbered(short.rounds)] == [
        range(1, 3),
        range(3, 5),
    ]
    assert tape == (
        Deviation(Key("request 4", 1, "cancel sent"), Key("request 3", 2)),
        Deviation(Key("request 3 opens A", 0)),
    )


def test_what_was_not_made_beside_another_tenant_has_met_nobody() -> None:
    key, other, undone = "GET /things0", "GET /things1", "GET /things2"
    two = Round(together=(own(key, 0), own(key, 1)))
    alone = Round(together=(own(other, 0), own(other, 0)), after=(own(other, 1),))
    left = Round(together=(own(undone, 0), own(undone, 1)))
    told = Play()
    for owner, operation in [(A, key), (B, key), (A, other), (B, other)]:
        told.asks(f"request {len(told.events)}", owner, operation)

    assert met([two, alone, left], told.events) == {key}
