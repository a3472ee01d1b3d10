"""What a target says of its app's start is checked when it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from harness.errors import TargetError
from harness.model.tenant import Tenant
from harness.target.connections import ConnectionPlan
from harness.target.initialiser import Initialiser
from harness.target.target import Target
from harness.target.tools import Tools
from harness.target.variant import Variant

OPEN = Initialiser(function="shop.tenants:open_tenant", tenant="tenant.slug")
PLAN = ConnectionPlan(budget=20, largest_pool=4)


async def provision(tools: Tools, tenant: Tenant) -> Mapping[str, object]:
    return {}


def target(**fields: Any) -> Target:
    return Target(app="shop:app", provision=provision, **fields)


def test_a_target_may_say_all_of_it() -> None:
    made = target(
        strategies={"eager": {}, "lazy-ish": {"START": "lazy"}},
        ready="/readyz",
        initialisers=(OPEN,),
        connections={"eager": PLAN},
        provider_calls=1,
    )

    assert made.plan_of("eager") == PLAN
    assert made.plan_of("lazy-ish") is None


def test_one_account_of_connections_holds_for_all_strategies() -> None:
    made = target(strategies={"eager": {}}, connections=PLAN)

    assert made.plan_of("eager") == made.plan_of("default") == PLAN


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"strategies": ("eager",)}, "Target.strategies must map"),
        ({"strategies": {"very eager": {}}}, "'very eager', which is no plain name"),
        ({"strategies": {"eager": {"A": 1}}}, "strategy 'eager'['A'] must be a string"),
        ({"strategies": {"eager": {"A": "{dns}"}}}, "'dns' is not known"),
        ({"ready": "readyz"}, "Target.ready is 'readyz'"),
        ({"ready_tenants": len}, "reads answers of Target.ready, which is not set"),
        (
            {"ready": "/readyz", "ready_tenants": "tenants"},
            "Target.ready_tenants must be a plain function",
        ),
        ({"initialisers": OPEN}, "must be a tuple of initialisers"),
        ({"initialisers": ("shop:open",)}, "no Initialiser"),
        (
            {"initialisers": (Initialiser(function="shop.open", tenant="slug"),)},
            "'shop.open' is no import string of a function",
        ),
        (
            {"initialisers": (Initialiser(function="shop:open", tenant="a[0]"),)},
            "finds its tenant at 'a[0]'",
        ),
        ({"connections": 40}, "no ConnectionPlan"),
        ({"connections": {"lazy": PLAN}}, "names the strategy 'lazy'"),
        ({"connections": ConnectionPlan(budget=-1)}, "ConnectionPlan.budget is -1"),
        ({"connections": ConnectionPlan(shared=True)}, "ConnectionPlan.shared is True"),
        ({"provider_calls": "once"}, "Target.provider_calls is 'once'"),
        (
            {"variants": {"x": Variant(app="a:b", exercise="start")}},  # type: ignore[arg-type]
            "is of the exercise 'start'",
        ),
        (
            {"variants": {"x": Variant(app="a:b", scenarios=("cold_tenants",))}},
            "of isolation names scenarios",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_what_to_write(
    fields: dict[str, Any], says: str
) -> None:
    with pytest.raises(TargetError) as caught:
        target(**fields)

    assert says in caught.value.message
    assert caught.value.hint
