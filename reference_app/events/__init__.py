"""What happens at a tenant, told to those of its members who listen."""
