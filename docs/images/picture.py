"""Draws `leak.svg`: the beginning and the end of a run's report, as on a terminal.

Make a run, then draw it::

    harness isolation --target tests.targets.tutorial:target --no-machine
    python docs/images/picture.py .harness/runs/<id>/report.json
"""
# ruff: noqa: INP001 - a script

from __future__ import annotations

import argparse
import re
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.segment import Segment, Segments
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from harness.reports.json import parse
from harness.reports.terminal import renderable

WIDTH, HEIGHT = 92, 40
TITLE = "harness isolation"
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
NIGHT = TerminalTheme(
    background=(13, 17, 23),
    foreground=(230, 237, 243),
    normal=[
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (177, 186, 196),
    ],
)


def main() -> None:
    """Draw the report that the command line names."""
    parser = argparse.ArgumentParser(description="Draw a report as an SVG.")
    parser.add_argument("report", type=Path)
    parser.add_argument("--to", type=Path, default=Path(__file__).with_name("leak.svg"))
    arguments = parser.parse_args()
    arguments.to.write_text(picture(arguments.report.read_bytes()), encoding="utf-8")


def picture(report: bytes) -> str:
    """Return a report's first lines and its verdict as a self-contained SVG."""
    result = parse(report)
    console = Console(
        record=True,
        width=WIDTH,
        file=StringIO(),
        color_system="truecolor",
        force_terminal=True,
        legacy_windows=False,
        _environ={},
    )
    lines = console.render_lines(renderable(result), pad=False)
    texts = ["".join(segment.text for segment in line) for line in lines]
    verdict = max(at for at, text in enumerate(texts) if not text.strip())
    last = lines[verdict:]
    shown = min(HEIGHT - len(last) - 1, verdict)
    for line in lines[:shown]:
        _print(console, line)
    if shown < verdict:
        left = f"  ⋮ {verdict - shown} more lines, left out of this picture"
        console.print(Text(left, "dim"))
    for line in last:
        _print(console, line)
    return _self_contained(console.export_svg(title=TITLE, theme=NIGHT))


def _print(console: Console, line: list[Segment]) -> None:
    console.print(Segments([*line, Segment.line()]), end="")


def _self_contained(svg: str) -> str:
    """Take the fonts that a viewer has instead of those that rich would fetch."""
    svg = re.sub(r"@font-face\s*\{[^}]*\}", "", svg)
    svg = svg.replace("font-family: Fira Code, monospace", f"font-family: {FONTS}")
    svg = re.sub(r"^.*<!-- .* -->\n", "", svg, flags=re.MULTILINE)
    return re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)


if __name__ == "__main__":
    main()
