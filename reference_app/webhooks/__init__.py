"""Telling tenants' own services of changes: signed, and as often as needed."""
