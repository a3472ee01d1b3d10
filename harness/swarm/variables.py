"""The variables by which a run tells Locust's processes where things are."""

from __future__ import annotations

from typing import Final

WORLD: Final = "HARNESS_WORLD"
"""Path of ``world.json``."""
JOURNALS: Final = "HARNESS_JOURNALS"
"""Directory for the journals of workers; unset where nobody reads them."""
