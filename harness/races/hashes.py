"""Whether hashes, and with them the order of sets, are the same in each process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

VARIABLE: Final = "PYTHONHASHSEED"


def is_fixed(environ: Mapping[str, str]) -> bool:
    """Tell whether a process with these variables has the hashes of any other such."""
    return environ.get(VARIABLE, "").isdecimal()
