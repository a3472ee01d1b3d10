"""An ordinary multi-tenant FastAPI service on Postgres, to copy from."""
