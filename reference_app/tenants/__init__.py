"""Who the tenants are, where they are found, and what is open for them."""
