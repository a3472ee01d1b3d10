"""The app with seeded bugs, one in each, and look-alikes that are harmless."""
