"""Chance does not fool the scanner more often than it says."""

from __future__ import annotations

import hashlib
import random
import string
import uuid
from math import sqrt

import pytest

from harness.model.canary import (
    FIRST_INTEGER,
    FIRST_PLANTED_FIELD,
    INTEGERS,
    PREFIX,
    CanaryKey,
)
from harness.model.scanner import Scanner

KEY = CanaryKey.from_seed(13)
OTHER = CanaryKey.from_seed(14)
PLANTED = [(tenant, FIRST_PLANTED_FIELD + n) for tenant in range(100) for n in range(5)]
FULL_CONFIDENCE = 2**-30


@pytest.mark.parametrize(
    "alphabet",
    [
        "abcdefghijklmnopqrstuvwxyz234567",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        "zqxabcde",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    ],
)
def test_random_text_has_no_hit_at_full_confidence(alphabet: str) -> None:
    rng = random.Random(1)
    table = bytes(ord(alphabet[byte % len(alphabet)]) for byte in range(256))
    scanner = Scanner(KEY, PLANTED)

    for _ in range(4):
        hits = scanner.scan(rng.randbytes(2**20).translate(table))
        assert [hit for hit in hits if hit.rate < FULL_CONFIDENCE] == []


def test_whatever_follows_the_prefix_it_does_not_decode() -> None:
    rng = random.Random(2)
    words = [
        PREFIX + "".join(rng.choices(string.ascii_lowercase, k=14))
        for _ in range(50_000)
    ]

    assert Scanner(KEY, PLANTED).scan_text(" ".join(words)) == ()


def near_twins() -> list[str]:
    rng = random.Random(3)
    token = OTHER.mint(*PLANTED[0])
    own = KEY.mint(*PLANTED[0])
    foreign_with_our_lead = KEY.uuid_lead() + str(OTHER.mint_uuid(1, 16))[8:]
    return [
        PREFIX,
        f"{PREFIX} {PREFIX.upper()} {PREFIX}.",
        own[: len(PREFIX) + 5],
        own[: len(PREFIX) + 8] + "aaaa",
        own[1:],
        own[:8] + " " + own[8:],
        token,
        token.upper(),
        token[:12],
        token.encode().hex(),
        str(OTHER.mint_uuid(1, 16)),
        foreign_with_our_lead,
        str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        str(OTHER.mint_int(1, 16)),
        str(KEY.mint_int(1, 16) + 1),
        f"1{KEY.mint_int(1, 16)}",
        f"{KEY.mint_int(1, 16)}7",
        f"0.{KEY.mint_int(1, 16)}",
        f"{KEY.mint_int(1, 16)}.5",
        hashlib.md5(token.encode()).hexdigest(),
        hashlib.sha256(rng.randbytes(9)).hexdigest(),
        hashlib.sha1(own.encode()).hexdigest()[:-1],
        hashlib.sha1(own.encode()).hexdigest() + "0",
        hashlib.sha512(own.encode()).hexdigest(),
    ]


@pytest.mark.parametrize("text", near_twins())
def test_near_twins_are_not_hits(text: str) -> None:
    assert Scanner(KEY, PLANTED).scan_text(f"a {text} b") == ()


def test_a_stem_that_two_tenants_share_accuses_neither() -> None:
    stems: dict[str, tuple[int, int]] = {}
    letters = len(PREFIX) + 6
    # Six letters take 3·10⁸ values: among 60 000 tokens some meet.
    for tenant in range(60_000):
        stem = KEY.mint(tenant, 16)[:letters]
        other = stems.setdefault(stem, (tenant, 16))
        if other != (tenant, 16):
            break
    else:
        pytest.fail("no two tokens begin alike; take another seed")
    pair = [other, (tenant, 16)]

    assert Scanner(KEY, pair).scan_text(stem) == ()
    for owner in pair:
        (hit,) = Scanner(KEY, [owner]).scan_text(stem)
        assert (hit.owner, hit.field, hit.form) == (*owner, "truncated")


def many_planted() -> Scanner:
    return Scanner(KEY, [(t, f) for t in range(100) for f in range(16, 216)])


def measured_and_stated(
    texts: list[str], scanner: Scanner, form: str
) -> tuple[int, float]:
    """Return how many hits there are, and how many by the rate that they state."""
    hits = [hit for text in texts for hit in scanner.scan_text(text)]
    assert {hit.form for hit in hits} == {form}
    rates = {round(hit.rate, 9) for hit in hits}
    assert len(rates) == 1
    return len(hits), rates.pop() * len(texts)


def agree(measured: int, stated: float) -> bool:
    """Whether the one is what the other makes likely.

    So many are stated that half of it, or its double, would not be.
    """
    return stated > 35 and abs(measured - stated) < 3 * sqrt(stated)


def test_the_rate_of_cut_off_tokens_is_what_random_text_gives() -> None:
    rng = random.Random(4)
    texts = [
        " ".join(
            PREFIX + "".join(rng.choices(string.ascii_lowercase, k=6))
            for _ in range(1000)
        )
        for _ in range(600)
    ]

    measured, stated = measured_and_stated(texts, many_planted(), "truncated")

    assert agree(measured, stated), (measured, stated)


def test_the_rate_of_integers_is_what_random_integers_give() -> None:
    rng = random.Random(5)
    texts = [
        str(rng.sample(range(FIRST_INTEGER, FIRST_INTEGER + INTEGERS), 1000))
        for _ in range(300)
    ]

    measured, stated = measured_and_stated(texts, many_planted(), "integer")

    assert agree(measured, stated), (measured, stated)


def test_a_hit_states_the_rate_of_its_form() -> None:
    scanner = Scanner(KEY, PLANTED)
    token = KEY.mint(*PLANTED[0])

    def rate(text: str) -> float:
        (hit,) = scanner.scan_text(text)
        return hit.rate

    assert rate(token) == pytest.approx(2**25 / 26**14)
    assert rate(f"{token} {PREFIX}") == pytest.approx(2 * 2**25 / 26**14)
    assert rate(token.encode().hex()) == pytest.approx(2**25 / 26**14)
    assert rate(str(KEY.mint_uuid(*PLANTED[0]))) == pytest.approx(2**-65)
    assert rate(token[:12]) == pytest.approx(500 / 26**9)
    assert rate(token[:10]) == pytest.approx(500 / 26**7)
    assert rate(str(KEY.mint_int(*PLANTED[0]))) == pytest.approx(500 / INTEGERS)
