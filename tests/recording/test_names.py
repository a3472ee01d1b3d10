"""Names of tenants are found in texts as words, however many names there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.recording.names import Names

TENANTS = 10_000
ALPHABET = "aB1_ -.'é²"


def those(*names: str) -> Names:
    """Return names, the first of which is tenant 0's, and so on."""
    known = Names()
    for tenant, name in enumerate(names):
        known.learn(name, tenant)
    return known


def plainly(names: list[str], text: str) -> set[int]:
    """Look for each name at each place, as one would say it in words."""
    lowered, found = text.lower(), set()
    for name in {name.lower() for name in names}:
        if len(name) < 4 or name.isdecimal():
            continue
        for start in range(len(lowered)):
            around = f" {lowered} "
            word = not (
                around[start].isalnum() or around[start + 1 + len(name) :][:1].isalnum()
            )
            if lowered.startswith(name, start) and word:
                found.add(max(n for n, one in enumerate(names) if one.lower() == name))
    return found


@given(
    names=st.lists(st.text(ALPHABET, min_size=1, max_size=8), max_size=6),
    pieces=st.lists(st.text(ALPHABET, max_size=3), min_size=1, max_size=6),
    data=st.data(),
)
def test_what_is_found_is_what_a_plain_search_finds(
    names: list[str], pieces: list[str], data: st.DataObject
) -> None:
    text = "".join(piece + data.draw(st.sampled_from([*names, ""])) for piece in pieces)

    assert those(*names).named_in(text) == plainly(names, text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("request of acme: done", {0}),
        ("ACME", {0}),
        ("acmenter", set()),
        ("tenant=o'neil & sons, inc.", {1}),
        ("o'neil & son", set()),
        ("tenant_7 after tenant_77", {2, 3}),
        ("tenant_777", set()),
        ("id 7, uk, 12345", set()),
        ("--==--", {7}),
        ("a--==--", set()),
    ],
)
def test_names_count_as_words_only(text: str, named: set[int]) -> None:
    known = those(
        "Acme",
        "O'Neil & Sons, Inc.",
        "tenant_7",
        "tenant_77",
        "7",
        "uk",
        "12345",
        "--==--",
    )

    assert known.named_in(text) == named


def test_the_tenant_that_was_learnt_last_counts() -> None:
    known = those("acme", "acme")

    assert known.named_in("acme") == {1}
    assert known.tenants == {"acme": 1}


@pytest.mark.parametrize("form", ["tenant-{}", "{}.example.com", "Shop {} Ltd."])
def test_names_with_words_in_common_are_told_apart_by_another(form: str) -> None:
    known = those(*map(form.format, range(1000, 1000 + TENANTS)))
    tried = [len(known._by_run.get(word, ())) for word in ("tenant", "com", "shop")]

    assert known.named_in(f"a line about {form.format(1007)}") == {7}
    # Else each line with the common word would be compared with all names.
    assert max(tried) <= 1
