"""Mutants that only a start shows: nothing of a tenant's reaches another."""
