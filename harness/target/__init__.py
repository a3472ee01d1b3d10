"""What a user writes to describe an app."""
