"""Seeded bugs off the beaten track: aggregates, natural keys, log-ins, labels."""
