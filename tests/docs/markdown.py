"""The documents that users read, and the code in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def documents() -> list[Path]:
    """Return every document, the README first."""
    others = (ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md")
    return [README, *others, *sorted(DOCS.glob("*.md"))]


def blocks(document: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language, in order."""
    text = document.read_text(encoding="utf-8")
    return [body for kind, body in _FENCE.findall(text) if kind == language]


def without_code(document: Path) -> str:
    """Return a document's text without its fenced blocks."""
    return _FENCE.sub("", document.read_text(encoding="utf-8"))


def rows(document: Path, *, below: str) -> Iterator[list[str]]:
    """Yield the cells of each row of the first table below a heading."""
    text = document.read_text(encoding="utf-8").partition(f"\n{below}\n")[2]
    lines = text.partition("\n## ")[0].splitlines()
    table = [line for line in lines if line.startswith("| ")]
    for line in table[2:] if len(table) > 1 and "---" in table[1] else table[1:]:
        yield [cell.strip() for cell in line.strip("|").split(" | ")]
