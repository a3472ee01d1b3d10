"""Mutants that are wrong under some interleavings only."""
