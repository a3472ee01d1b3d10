"""Seeded bugs in the assistant, streams, files, webhooks, metrics, logs, storages."""
