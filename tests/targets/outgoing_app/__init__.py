"""An app that calls a model provider and its tenants' webhooks.

It is right as it stands. ``FAULT`` names what is wrong with it, and ``ODD`` what only
looks so; see `outgoing_app.faults`.
"""
