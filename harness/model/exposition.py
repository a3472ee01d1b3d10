"""The text format in which Prometheus reads metrics.

https://prometheus.io/docs/instrumenting/exposition_formats/; of OpenMetrics, what
both have in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_TYPE: Final = re.compile(r"# TYPE ([a-zA-Z_:][\w:]*) (\w+)")
_SAMPLE: Final = re.compile(
    r"(?P<name>[a-zA-Z_:][\w:]*)"
    r"(?:\{(?P<labels>(?:[^\"}]|\"(?:[^\"\\]|\\.)*\")*)\})?"
    r"\s+(?P<value>\S+)"
)
_LABEL: Final = re.compile(r'\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?')
_ESCAPE: Final = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of a page of metrics.

    Attributes:
        name: Of the metric, with its suffix.
        labels: Names and values, in the order of the line.
        value: What it shows.
        counts: Whether it only ever grows by one for each thing that happens: a
            counter, or the number of a histogram's or a summary's observations.
        line: As it was sent.
    """

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float
    counts: bool
    line: str


def samples(page: str) -> Iterator[Sample]:
    """Yield the samples of a page; lines that are none are passed over."""
    types: dict[str, str] = {}
    for line in page.split("\n"):
        if line.startswith("#"):
            told = _TYPE.match(line)
            if told:
                types[told[1]] = told[2]
            continue
        match = _SAMPLE.match(line)
        if match is None:
            continue
        try:
            value = float(match["value"])
        except ValueError:
            continue
        yield Sample(
            name=match["name"],
            labels=tuple(_labels(match["labels"] or "")),
            value=value,
            counts=_counts(match["name"], types),
            line=line,
        )


def _labels(text: str) -> Iterator[tuple[str, str]]:
    for name, value in _LABEL.findall(text):
        yield name, _ESCAPE.sub(lambda one: {"n": "\n"}.get(one[1], one[1]), value)


def _counts(name: str, types: dict[str, str]) -> bool:
    # OpenMetrics names the family without the suffix.
    family = name.removesuffix("_total")
    if types.get(name) == "counter" or types.get(family) == "counter":
        return not name.endswith("_created")
    observed = name.removesuffix("_count")
    return observed != name and types.get(observed) in {"histogram", "summary"}
