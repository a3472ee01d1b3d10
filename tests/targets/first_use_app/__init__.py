"""A small app whose tenants get a pool of their own on first use."""
