"""Exercise: boots the app with many tenants and times it."""
