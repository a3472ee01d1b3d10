"""From a target and the running app to a world: tenants, logins, seeds."""
