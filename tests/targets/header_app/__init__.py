"""A correct app of another shape: projects and tasks, tenant chosen by a header.

Asynchronous, on asyncpg; shared tables, each row with its tenant. Companies sign up by
themselves at ``POST /signup``. Every other request names its tenant in
``X-Tenant-ID`` and carries a bearer token or an ``X-API-Key``, both of which are good
for that tenant only. Nothing is to be found in it.
"""
