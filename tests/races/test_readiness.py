"""What the target's hook reads from a readiness answer is a count, or an error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import TargetError
from harness.exploring.grounds import Grounds
from harness.exploring.readiness import read_count
from harness.exploring.stage import Stage
from harness.model.race import Counted
from harness.model.tenant import Tenant
from harness.target.target import ReadyTenants
from tests.races.plays import play

TENANTS = tuple(
    Tenant(index, slug, slug.title(), f"{slug}.example", f"a@{slug}.example", "secret")
    for index, slug in enumerate(("acme", "beta"))
)


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        (0, (0, ())),
        (7, (7, ())),
        ([], (0, ())),
        (["beta"], (1, (1,))),
        ({"acme": 1, "beta": 1}.keys(), (2, (0, 1))),
        (("acme", "acme", "beta"), (2, (0, 1))),
        (["system", "beta"], (1, (1,))),
    ],
)
def test_a_number_or_slugs_are_a_count(
    told: object, counted: tuple[int, tuple[int, ...]]
) -> None:
    assert read_count(told, TENANTS) == counted


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (-1, "returned -1, no count"),
        (1.5, "returned 1.5, no count"),
        (True, "returned True, no count"),
        ("acme", "returned str, no count"),
        (b"acme", "returned bytes, no count"),
        (bytearray(b"acme"), "returned bytearray, no count"),
        ({"acme": "starting"}, "returned dict, no count"),
        (iter(["acme"]), "returned list_iterator, no count"),
        ([1, 2], "a list that holds int"),
        ([{"slug": "acme"}], "a list that holds dict"),
        (["acme", ["beta"]], "a list that holds list"),
        (["Acme", "Beta"], "returned 'Acme', 'Beta', and no tenant has such a slug"),
    ],
)
def test_what_is_no_count_is_the_targets_mistake(told: object, message: str) -> None:
    with pytest.raises(TargetError, match="ready_tenants") as raised:
        read_count(told, TENANTS)

    assert message in raised.value.message
    assert "how many are ready, or the slugs" in raised.value.hint


async def ask(stage: Stage) -> None:
    """Somebody asks whether the app is ready."""
    await stage.readiness()


def asked(grounds: Grounds, hook: ReadyTenants) -> list[tuple[int, tuple[int, ...]]]:
    """Return what is noted of a schedule in which readiness is asked."""
    scene = grounds.scene
    target = replace(scene.target, ready="/openapi.json", ready_tenants=hook)
    changed = replace(grounds, scene=replace(scene, target=target))
    events = scene.recorder.since(play(changed, ask).mark)
    told = [one for one in events if isinstance(one, Counted)]
    return [(one.tenants, one.named) for one in told]


def test_what_the_hook_says_is_noted(grounds: Grounds) -> None:
    slugs = [one.slug for one in grounds.world.tenants[:2]]

    assert asked(grounds, lambda _: slugs) == [(2, (0, 1))]
    assert asked(grounds, lambda _: None) == []


def test_what_the_hook_says_wrongly_ends_the_run(grounds: Grounds) -> None:
    with pytest.raises(TargetError, match="returned bytes, no count"):
        asked(grounds, lambda _: b"two")  # type: ignore[arg-type, return-value]
