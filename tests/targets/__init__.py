"""Small apps that the harness is tried on, each with its own shape."""
