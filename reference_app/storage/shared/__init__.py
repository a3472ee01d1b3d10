"""Statements for tenants that share tables.

Each of them, without exception, says whose rows are meant: `$1` is the tenant.
"""
