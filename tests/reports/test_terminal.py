from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harness.model.coverage import Coverage, Gap
from harness.model.result import Result
from harness.reports.terminal import render
from harness.reports.text import visible
from tests.reports.results import (
    READ,
    a_finding,
    a_result,
    an_unlabelled_line,
    with_notes,
)

GAPS = (
    Gap("channel header", "no beacon came through", floor=False),
    Gap("POST /documents/{document_id}/share", "failed as its owner", floor=True),
    Gap("channel error", "no beacon came through", floor=False),
)


def everything() -> Result:
    result = a_result(a_finding(), an_unlabelled_line(), gaps=GAPS)
    return with_notes(result, "The app has no public operations.")


def test_what_was_not_covered_comes_first_then_the_findings_then_the_verdict() -> None:
    text = render(everything(), width=80)

    order = ["NOT COVERED", "FOUND", "CRITICAL", "MINOR", "NOTES", "\nFAIL"]
    places = [text.index(word) for word in order]
    assert places == sorted(places)


def test_gaps_that_the_verdict_depends_on_come_before_the_others() -> None:
    text = render(everything(), width=80)

    assert text.index("/share") < text.index("channel header, channel error")
    assert "  ✗  failed as its owner (below the floor)\n" in text
    assert "  ·  no beacon came through\n" in text


def test_a_finding_says_what_leaked_from_whom_to_whom_and_how() -> None:
    lines = [line.split() for line in render(everything()).splitlines()]

    assert ["leaked", "POST", "/documents", "body.title"] in lines
    assert ["owner", "A", "(Acme)"] in lines
    assert any(line[:2] == ["receiver", "B"] for line in lines)
    assert any(line[:2] == ["channel", "body"] for line in lines)
    assert any(line[:2] == ["evidence", "#42"] for line in lines)
    assert ["steps", "1.", "A:", "POST", "/documents"] in lines
    second = f"2. B's credential with A selected: {READ} on A's object"
    assert second.split() in lines


def test_a_command_stands_beside_its_label_or_unbroken_on_a_line_of_its_own() -> None:
    command = f"harness replay o/20260101-120000-abcd {a_finding().fingerprint}"
    beside = f"     reproduce  {command}"

    for width in (40, len(beside) - 1):
        lines = render(everything(), width=width, runs="o").splitlines()
        at = lines.index("     reproduce")
        assert lines[at + 1] == f"     {command}"

    assert beside in render(everything(), width=len(beside), runs="o").splitlines()


def test_a_finding_without_a_script_is_reproduced_by_repeating_the_run() -> None:
    lines = render(a_result(an_unlabelled_line())).splitlines()

    assert "     reproduce  harness isolation --seed 7" in lines


def test_a_log_has_readers_rather_than_a_receiver() -> None:
    assert "whoever reads the log" in render(a_result(an_unlabelled_line()))


def test_the_last_line_holds_the_verdict_and_its_figures() -> None:
    last = render(everything()).splitlines()[-1]

    assert last == (
        "FAIL  2 findings: 1 critical, 1 minor · 2/20 operations · 11/12 fields · "
        "240 probes · watched: body, log · 12.3 s"
    )


def test_a_replay_says_how_many_operations_it_was_about_and_no_other_figure() -> None:
    made = Coverage((READ,), 0, 0, 0, 0, (), 0, ())
    last = render(replace(a_result(), coverage=made)).splitlines()[-1]

    assert last == "PASS  1 operation · 12.3 s"


def test_what_happened_beside_a_leak_is_not_called_one() -> None:
    words = [
        line.split() for line in render(a_result(an_unlabelled_line())).split("\n")
    ]

    assert not any(line[:1] == ["leaked"] for line in words)


def test_texts_of_several_lines_become_one_and_very_long_ones_are_cut() -> None:
    result = with_notes(a_result(), "could not:\r\n   at or near\n", "x" * 1000)

    lines = render(result).splitlines()

    assert "  ·  could not: at or near" in lines
    assert f"  ·  {'x' * 299}…" in lines


def test_a_pass_and_an_inconclusive_run_say_so_and_why() -> None:
    passed = render(a_result()).splitlines()[-1]
    unclear = render(a_result(gaps=(*GAPS, replace(GAPS[1], what="x")))).splitlines()

    assert passed.startswith("PASS  2/20 operations")
    assert unclear[-1].startswith(
        "INCONCLUSIVE  below the floor: POST /documents/{document_id}/share: "
        "failed as its owner (and 1 more)"
    )


def test_eighty_columns_are_enough_for_everything_but_a_command() -> None:
    long = replace(a_finding(), summary="word " * 100, what="x" * 300)
    lines = render(a_result(long, gaps=GAPS), width=80).splitlines()

    assert all(len(line) <= 80 for line in lines if "harness replay" not in line)


def test_without_a_terminal_each_fact_stays_on_its_line() -> None:
    long = replace(a_finding(), summary="word " * 50)

    text = render(a_result(long))

    assert f"     {'word ' * 50}".rstrip() in text.splitlines()


def test_without_color_nothing_but_text_is_written() -> None:
    text = render(everything(), width=80)

    assert all(line.isprintable() for line in text.split("\n"))


def test_with_color_the_same_words_are_there() -> None:
    colored = render(everything(), width=80, color=True)

    assert "\x1b[1;31mFAIL\x1b[0m" in colored
    assert "\x1b[31m\r" not in colored


def test_a_tenants_name_is_shown_as_it_is_and_steers_nothing() -> None:
    text = render(everything())

    assert '[red]O\'Neill[/red], "quoted" & <Sons>\\x07\\x1b[31m\\r\\n\\u202e' in text


@given(st.text())
def test_what_is_shown_can_be_printed_and_keeps_what_could_be(text: str) -> None:
    shown = visible(text)

    assert shown.isprintable()
    assert shown == text or not text.isprintable()
