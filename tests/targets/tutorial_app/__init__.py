"""A multi-tenant notes app as a popular tutorial would have you write it.

IT IS WRONG ON PURPOSE: never copy from it. It works for one tenant at a time,
which is why such code gets shipped. ``careful_app`` is the same app done right.

What is wrong, and where:

1. ``security``: one key signs the tokens of all tenants, and a token holds only the
   user's id. Ids start from 1 in every schema, so A's token is valid on B's host and
   acts there as the user of B who has the same id.
2. ``database.get_db``: the tenant's name is put into ``SET search_path`` by an
   f-string. The company "acme, inc" works on the tables of "acme".
3. ``tenancy.create_tenant``: the name goes into ``CREATE SCHEMA`` the same way.
4. ``tenancy.TenantMiddleware``: an engine, so a pool, is created for each request:
   each pays for two new connections.
5. The same middleware never closes the session of the look-up. Its connection stays
   "idle in transaction" until the garbage collector happens to run: an otherwise
   quiet server reaches the default limit of 100 after about as many requests.
6. The same middleware queries the database on the event loop's thread; while it
   waits, no other tenant's request goes on.
7. ``logs``: the tenant is kept in a ``threading.local``. Handlers run in worker
   threads and never see it: their lines say "unknown".
8. The event loop's thread is shared by all requests: of two that overlap, the
   later one's tenant is written on the earlier one's closing line.

One database role reaches every schema, so nothing below the app catches 1 to 3.
"""
