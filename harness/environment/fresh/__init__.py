"""Brings a database back to one state, before each example."""

from __future__ import annotations

from harness.environment.fresh.choice import Strategy, fresh_state
from harness.environment.fresh.state import FreshState, Hook

__all__ = ["FreshState", "Hook", "Strategy", "fresh_state"]
