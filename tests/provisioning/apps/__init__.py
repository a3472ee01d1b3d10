"""Small apps to provision."""
