"""Exercise: probes for leaks between tenants."""
