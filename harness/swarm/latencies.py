"""Histograms of latencies: what they resolve."""

from __future__ import annotations

from typing import Final

DIGITS: Final = 2
"""Significant digits: a latency is right to 1 %."""
LONGEST: Final = 600_000_000
"""The longest latency that is told apart from longer ones, in µs."""
