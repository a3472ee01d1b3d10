"""Statements in SQLAlchemy Core, for a tenant that has its tables to itself.

The tables have no schema here: which are meant is settled by the search path of
the transaction. `schema_translate_map` would write each tenant's schema into the
text of its statements. Then every connection had to prepare every statement once
per tenant, and only the text would say whose rows are meant; this way one text
serves all, and the transaction's role confines it besides.
"""
