"""What the provider's headers say is what a key is held to, until they change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reference_app.ai.provider_limits import ProviderLimits

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def headers(kind: str, limit: int, remaining: int, seconds: float) -> dict[str, str]:
    reset = (NOW + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    prefix = f"anthropic-ratelimit-{kind}"
    return {
        f"{prefix}-limit": str(limit),
        f"{prefix}-remaining": str(remaining),
        f"{prefix}-reset": reset,
    }


def test_nothing_is_known_and_nothing_refused_before_the_first_answer() -> None:
    limits = ProviderLimits(Clock())

    assert limits.wait(1_000_000) == 0
    assert limits.windows == {}


@pytest.mark.parametrize(
    ("kind", "remaining", "tokens", "wait"),
    [
        ("requests", 1, 10, 0),
        ("requests", 0, 10, 30),
        ("input-tokens", 10, 10, 0),
        ("input-tokens", 9, 10, 30),
        ("tokens", 9, 10, 30),
        ("output-tokens", 0, 10, 30),
        ("output-tokens", 1, 10, 0),
    ],
)
def test_a_call_waits_for_the_reset_of_what_does_not_suffice(
    kind: str, remaining: int, tokens: int, wait: int
) -> None:
    clock = Clock()
    limits = ProviderLimits(clock)
    limits.update(headers(kind, 100, remaining, 30))

    assert limits.wait(tokens) == wait
    clock.now += timedelta(seconds=30)
    assert limits.wait(tokens) == 0


def test_a_prompt_larger_than_the_whole_limit_is_left_to_the_provider() -> None:
    limits = ProviderLimits(Clock())
    limits.update(headers("input-tokens", 100, 100, 30))

    assert limits.wait(5000) == 0


def test_those_who_ask_at_once_do_not_all_take_the_last_request() -> None:
    limits = ProviderLimits(Clock())
    limits.update(headers("requests", 100, 1, 30))

    limits.take(10)

    assert limits.wait(10) == 30
    limits.update(headers("requests", 100, 1, 60))
    assert limits.wait(10) == 0


def test_headers_that_say_nothing_or_nonsense_change_nothing() -> None:
    limits = ProviderLimits(Clock())
    limits.update(headers("requests", 100, 0, 30))
    before = limits.windows

    limits.update({})
    limits.update(
        headers("requests", 100, 7, 30) | {"anthropic-ratelimit-requests-reset": "soon"}
    )

    assert limits.windows == before


def test_a_refusal_counts_as_long_as_it_says() -> None:
    clock = Clock()
    limits = ProviderLimits(clock)
    limits.block(12.5)

    assert limits.wait(1) == 13
    clock.now += timedelta(seconds=12.5)
    assert limits.wait(1) == 0
