"""The app under test, running."""
