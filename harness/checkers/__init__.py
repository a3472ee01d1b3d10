"""Oracles: pure functions from a history to findings, one file each."""
