from __future__ import annotations

import io

import pytest

from harness.cli.stepping import step_through
from harness.cli.terminal import Terminal
from tests.reports.orders import a_stampede


class Keys(io.StringIO):
    """A terminal's keys, typed beforehand."""

    def isatty(self) -> bool:
        return True


def shown(*, wait: bool, color: bool = False) -> tuple[list[str], str]:
    out, err = io.StringIO(), io.StringIO()
    screen = Terminal(out=out, err=err, live=False, color=color, width=100)
    step_through(a_stampede(), screen, wait=wait)
    return out.getvalue().splitlines(), err.getvalue()


def test_enter_is_read_before_each_line_and_the_end_of_input_shows_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = Keys("\n\nleft over\n")
    monkeypatch.setattr("sys.stdin", keys)

    lines, said = shown(wait=True)

    assert "Enter" in said
    assert keys.read() == ""
    assert sum("●" in line or "◆" in line for line in lines) == 5


def test_nobody_waits_for_what_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO("untouched")
    monkeypatch.setattr("sys.stdin", pipe)

    lines, said = shown(wait=True)

    assert said == ""
    assert pipe.read() == "untouched"
    assert lines[-2].endswith("connect")


def test_only_what_deviates_is_coloured() -> None:
    lines, _ = shown(wait=False, color=True)

    assert [line for line in lines if "\x1b[" in line] == [
        "\x1b[1;33m   3▶    │  ◆  arrive GET /documents\x1b[0m"
    ]
