"""What can be wrong with the app, or odd about it; the environment says what is."""

from __future__ import annotations

import os

FAULTS = {
    "context cached by member": "prompts hold what the first tenant's member wrote",
    "key of the first": "every tenant's assistant uses the first tenant's key",
    "limits of the last": "one rate-limit state, kept up to date by every key",
    "tokens counted by the first": "whoever counts first, its key counts for all",
    "limits of all": "who is over its limit at the provider stops everybody",
    "hooks of all": "a note is delivered to everybody's webhooks",
    "key in the hook": "a webhook is told the key at the provider",
    "keys tried twice": "the start tries each tenant's key, and then once more",
    "common key, context cached by member": "the same where one key serves all",
}
ODDITIES = {
    "common key": "one key of the operator's serves all tenants",
    "keys tried once": "the start tries each tenant's key",
    "keys tried together": "who asks first has every key tried once",
    "late hooks": "webhooks are delivered long after the answer",
    "hooks in the background": "by a task that runs after the answer",
    "busy keys": "every key is tried again and again, whoever is served",
    "names for the operator": "all tenants' names go to a place of the operator's",
    "chatty log": "ids of answers and what is left of the limits are logged",
}


def is_(*names: str) -> bool:
    """Whether the app is to be wrong, or odd, in one of these ways."""
    chosen = os.environ.get("FAULT", "") or os.environ.get("ODD", "")
    return any(name in chosen for name in names)
