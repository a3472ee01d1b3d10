"""The assistant: what a model is told, may do, and has cost, for each tenant apart."""
