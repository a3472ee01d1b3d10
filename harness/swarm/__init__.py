"""The swarm: many users of many tenants at once, simulated by Locust."""
