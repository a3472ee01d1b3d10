"""What the model is told before the conversation begins."""

from __future__ import annotations

from reference_app.tenants.configuration import Configuration
from reference_app.tenants.tenant import Tenant


def system_prompt(tenant: Tenant, configuration: Configuration) -> str:
    """Return the instructions for one tenant's assistant.

    It is the same for all members, so that an answer can be reused among them.
    """
    lines = [
        f"You answer questions of the members of {tenant.name}.",
        "Use the tools to look into their documents; say so if nothing is found.",
    ]
    if configuration.greeting:
        lines.append(f"They are greeted with: {configuration.greeting}")
    if configuration.support_contact:
        lines.append(f"What you cannot answer, {configuration.support_contact} can.")
    return "\n".join(lines)
