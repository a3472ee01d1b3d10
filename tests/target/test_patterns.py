"""Patterns that could hang a search are told from those that cannot."""

from __future__ import annotations

import pytest

from harness.target.patterns import matches, safe


@pytest.mark.parametrize(
    "pattern",
    ["^(a+)+$", r"(\w*)*x", "([a-z]+[0-9]*)+$", "((a+))*b", "(?:(?:x+)+y)?", "(.+)*,"],
)
def test_repeats_of_repeats_are_unsafe(pattern: str) -> None:
    assert not safe(pattern)
    assert not matches(pattern, "a" * 1_000 + "!")


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z0-9-]+$",
        r"^[A-Z]{2}\d{4}$",
        r"^([a-zA-Z0-9_\-.]+)@(([a-zA-Z0-9\-]+\.)+)([a-zA-Z]{2,4})$",
        "^(foo|bar)+$",
        "^[a-z]+(-[a-z]+)*$",
        r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$",
        "^([a-z]{2}){3}$",
    ],
)
def test_delimited_repeats_are_safe(pattern: str) -> None:
    assert safe(pattern)


@pytest.mark.parametrize("pattern", ["[", "(?P<a>", "a{99999999999999}", 3, None])
def test_what_cannot_be_read_matches_nothing(pattern: object) -> None:
    assert not matches(pattern, "text")


def test_short_texts_are_matched_even_with_unsafe_patterns() -> None:
    assert matches("^(a+)+$", "aaaa")
