"""Orders of requests explored: a stage, an app for each schedule, what shows."""
