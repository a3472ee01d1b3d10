"""Orders of events written by hand, as a race's finding carries them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.model.event import Channel
from harness.model.explored import Explored
from harness.model.finding import Evidence, Finding, Severity
from harness.model.race import Interleaving, Line, Movement

TOKEN = "r1.eJyrVkrOz0tRslJQKi5ITc7MUdJRKkstykzLTE4sSQWKGNYCAOWLCz4"


def an_order(lines: Sequence[Line], *, actors: int = 3) -> Interleaving:
    names = [("lifespan", "the app's lifespan")]
    names += [(f"request {n}", "A: GET /documents") for n in range(1, actors)]
    return Interleaving(
        scenario="cold_stampede",
        token=TOKEN,
        actors=tuple(names),
        lines=tuple(lines),
        deviations=("request 2: arrive GET /documents (goes first)",),
        minimal=True,
    )


def went(actor: str, text: str = "query SELECT 1", *, deviates: bool = False) -> Line:
    return Line(actor, text, Movement.WENT, deviates)


def a_stampede() -> Interleaving:
    return an_order(
        [
            went("lifespan", "lifespan startup"),
            went("request 1", "arrive GET /documents"),
            went("request 2", "arrive GET /documents", deviates=True),
            went("request 1", "connect"),
            went("request 2", "connect"),
        ]
    )


def a_race(order: Interleaving | None = None) -> Finding:
    return Finding(
        oracle="lifecycle",
        severity=Severity.MAJOR,
        channel=Channel.PROCESS,
        operation="shop.opening:open",
        owner=0,
        receiver=None,
        what="initialised twice",
        shape="twice",
        summary="A's resource was initialised twice.",
        evidence=(Evidence(0, "open was called for A by request 1 and by request 2"),),
        interleaving=order or a_stampede(),
    )


def an_exploration(*findings: Finding, scenario: str = "cold_stampede") -> Explored:
    plain = Explored(
        scenario=scenario,
        about="Several first requests to one tenant at once.",
        schedules=200,
        distinct=198,
        actors=4,
        choices=10,
        depth=1,
        statement="All 31 schedules with at most 1 deviation, "
        "at operation granularity.",
        bounds={"pct 2": 1 / 40, "pct 3": 1 / 400},
        strategies={"first come": 1, "deviations": 59, "pct 2": 20, "pct 3": 60},
        uncontrolled=0.004,
    )
    if not findings:
        return plain
    return replace(plain, first=12, findings=tuple(f.fingerprint for f in findings))
