"""Statements for a tenant that has its tables to itself.

Nothing here names a tenant or a schema: which tables are meant is settled by
the connection, by its search path or by the database that it leads to.
"""
