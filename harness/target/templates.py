"""Templates: texts such as ``{email}`` that a tenant fills."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.errors import ProvisioningError

if TYPE_CHECKING:
    from harness.model.tenant import Tenant

_KNOWN = ("slug", "name", "domain", "email", "password", "index", "provider_key")


def filled(template: Any, tenant: Tenant, *, secret: bool = False) -> Any:
    """Fill ``{email}``, ``{password}``, … into each string of a JSON tree.

    Args:
        template: The tree; what is no string stays as it is.
        tenant: Whose values to take.
        secret: Whether an error must not show the template.

    Raises:
        ProvisioningError: A template names something that the tenant has not.
    """
    if isinstance(template, str):
        try:
            return tenant.fill(template)
        except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
            raise _refusal(template, tenant, error, secret=secret) from None
    if isinstance(template, Mapping):
        return {
            key: filled(value, tenant, secret=secret) for key, value in template.items()
        }
    if isinstance(template, list | tuple):
        return [filled(value, tenant, secret=secret) for value in template]
    return template


def _refusal(
    template: str, tenant: Tenant, error: Exception, *, secret: bool
) -> ProvisioningError:
    shown = "A template that holds a secret" if secret else f"The template {template!r}"
    if isinstance(error, KeyError):
        what = "something" if secret else f"{error}"
        message = f"{shown} names {what}, which is not known."
    else:
        message = f"{shown} cannot be filled: its braces do not name a value."
    facts = ", ".join(tenant.facts) or "none"
    hint = (
        f"Known are {', '.join(_KNOWN)} and the facts that the provision hook "
        f"returned ({facts}); write a literal brace twice."
    )
    return ProvisioningError(message, hint=hint)
