"""How a request says which tenant it is for: one half of an identity."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from harness.target.templates import filled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model.tenant import Tenant

NO_TENANT_HOST = "localhost"


@dataclass(frozen=True, slots=True)
class Selection:
    """What goes onto a request to select a tenant.

    Attributes:
        host: Value of the Host header.
        headers: Further headers.
        prefix: Put before the path, percent-encoded.
        parameters: Values of path parameters by name.
    """

    host: str = NO_TENANT_HOST
    headers: tuple[tuple[str, str], ...] = ()
    prefix: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


class Selector(Protocol):
    """Selects a tenant, or none.

    `separable` is False where nothing but the credential selects the tenant, so
    that there is nothing to mix.
    """

    @property
    def separable(self) -> bool:
        """Whether a request can select one tenant and authenticate as another."""
        ...

    def select(self, tenant: Tenant | None) -> Selection | None:
        """Return what selects a tenant; None if such a request cannot be made."""
        ...


@dataclass(frozen=True, slots=True)
class HostSelector:
    """The Host header selects the tenant.

    Attributes:
        template: Of the host, with ``{domain}``, ``{slug}``, ``{name}``, facts.
    """

    template: str = "{domain}"
    separable = True

    def select(self, tenant: Tenant | None) -> Selection:
        """Return the tenant's host, or one that belongs to nobody."""
        return Selection(host=filled(self.template, tenant)) if tenant else Selection()


@dataclass(frozen=True, slots=True)
class HeaderSelector:
    """A header selects the tenant.

    Attributes:
        header: Its name, such as ``X-Tenant-ID``.
        template: Of its value, with ``{slug}``, facts such as ``{id}``, ….
    """

    header: str
    template: str = "{slug}"
    separable = True

    def select(self, tenant: Tenant | None) -> Selection:
        """Return the header, or nothing for no tenant."""
        if tenant is None:
            return Selection()
        value = filled(self.template, tenant)
        return Selection(headers=((self.header.lower(), value),))


@dataclass(frozen=True, slots=True)
class PrefixSelector:
    """A prefix that the OpenAPI document does not show selects the tenant.

    Attributes:
        template: Of the prefix, such as ``/t/{slug}``.
    """

    template: str
    separable = True

    def select(self, tenant: Tenant | None) -> Selection:
        """Return the prefix, or nothing for no tenant."""
        if tenant is None:
            return Selection()
        return Selection(prefix=quote(filled(self.template, tenant).rstrip("/")))


@dataclass(frozen=True, slots=True)
class ParameterSelector:
    """A path parameter of each route selects the tenant.

    Attributes:
        parameter: Its name, as in ``/{organisation}/documents``.
        template: Of its value.
    """

    parameter: str
    template: str = "{slug}"
    separable = True

    def select(self, tenant: Tenant | None) -> Selection | None:
        """Return the parameter; a path without it does not exist."""
        if tenant is None:
            return None
        return Selection(parameters={self.parameter: filled(self.template, tenant)})


@dataclass(frozen=True, slots=True)
class CredentialSelector:
    """Nothing but the credential selects the tenant (a claim, a session)."""

    separable = False

    def select(self, tenant: Tenant | None) -> Selection:
        """Return nothing: the credential says it."""
        del tenant
        return Selection()
