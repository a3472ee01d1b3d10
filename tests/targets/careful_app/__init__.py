"""The notes app of ``tutorial_app``, done right in an ordinary way.

Still synchronous SQLAlchemy with a schema per tenant; nothing is to be found in it:

- one engine for the life of the app; every session is closed, and a connection goes
  back to the pool with its search path reset;
- the schema's name comes from the tenant's id and is quoted, whatever the tenant is
  called;
- a key per tenant signs the tokens, and a token names its tenant as the audience;
- pure ASGI middleware resolves the tenant, off the event loop, and keeps it in a
  context variable, which worker threads inherit: each line of the log has it.
"""
