"""Where tenants' rows live: one seam and three ways, each in its file."""
