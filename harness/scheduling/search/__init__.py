"""Which schedules to run: strategies, and how a budget is shared among them."""
