"""Of what an app sends under load, all that can matter to a checker is kept."""

from __future__ import annotations

import pytest

from harness.model.canary import FIELD_PASSWORD, FIELD_PROVIDER_KEY
from harness.model.event import Channel, Destination, Egress, Found
from harness.run.sieve import FIRST, Sieve
from tests.checkers.histories import hit

TITLE = 20


def sent(
    *found: Found, to: Destination = Destination.SINK, receiver: int = 0
) -> Egress:
    whose = frozenset({receiver})
    return Egress(
        kind="egress",
        at=1.0,
        exchange=0,
        destination=to,
        request="POST /",
        addressed=whose if to is Destination.SINK else frozenset(),
        credentialed=whose if to is Destination.PROVIDER else frozenset(),
        found=found,
    )


def held(owner: int, field: int, where: str = "body") -> Found:
    return Found(Channel.EGRESS, where, hit(owner, field))


OWN = sent(held(0, TITLE), held(0, TITLE, "url"))
CALL = sent(held(0, FIELD_PROVIDER_KEY, "x-api-key"), to=Destination.PROVIDER)


@pytest.fixture
def sieve() -> Sieve:
    """One that has kept the first ones."""
    made = Sieve()
    for one in (OWN, CALL):
        assert [made(one) for _ in range(FIRST + 1)] == [True] * FIRST + [False]
    return made


@pytest.mark.parametrize(
    "event",
    [
        sent(held(1, TITLE)),
        sent(held(0, TITLE), held(1, TITLE)),
        sent(held(0, FIELD_PASSWORD)),
        sent(held(0, FIELD_PROVIDER_KEY, "x-api-key")),
        sent(held(0, FIELD_PROVIDER_KEY), to=Destination.PROVIDER),
        sent(held(1, TITLE), to=Destination.PROVIDER),
    ],
    ids=["others", "both", "password", "key to the sink", "key in a prompt", "prompt"],
)
def test_what_holds_others_data_or_secrets_is_kept(sieve: Sieve, event: Egress) -> None:
    assert sieve(event)


@pytest.mark.parametrize("event", [OWN, CALL, sent()], ids=["own", "call", "nothing"])
def test_what_its_receiver_may_have_is_not(sieve: Sieve, event: Egress) -> None:
    assert not sieve(event)
