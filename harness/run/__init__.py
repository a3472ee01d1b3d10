"""Puts one run together, from settings to a result."""

from __future__ import annotations

from harness.run.isolation import isolation
from harness.run.judgement import check
from harness.run.mutants import MutantOutcome, mutants
from harness.run.order import Order
from harness.run.orders import Replayed, replay_orders
from harness.run.races import races
from harness.run.replay import replay
from harness.run.startup import startup
from harness.run.swarm import swarm

__all__ = [
    "MutantOutcome",
    "Order",
    "Replayed",
    "check",
    "isolation",
    "mutants",
    "races",
    "replay",
    "replay_orders",
    "startup",
    "swarm",
]
