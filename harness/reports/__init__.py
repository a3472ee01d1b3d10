"""Results rendered: pure functions, one file per format."""
