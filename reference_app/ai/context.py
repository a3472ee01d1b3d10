"""What the assistant knows and may use when it answers for one tenant."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class ModelContext:
    """One tenant's side of the assistant.

    Attributes:
        provider_key: The tenant's account with the model provider, if it has one.
    """

    provider_key: SecretStr | None = field(repr=False)
