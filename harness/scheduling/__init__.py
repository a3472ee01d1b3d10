"""Who goes next: the gated event loop, and the search for the orders that hurt."""
