"""How a run and Locust's processes find what they tell one another."""

from __future__ import annotations

from typing import Final

WORLD: Final = "HARNESS_WORLD"
"""Path of ``world.json``."""
JOURNALS: Final = "HARNESS_JOURNALS"
"""Directory for the journals of workers; unset where nobody reads them."""
SHARED: Final = "locust-shared"
"""Empty file beside the journals: Locust took its options and its scenario, and began
to share its work out among processes."""
