"""Proves that a multi-tenant service keeps its tenants apart."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.exploring.scenario import scenario
    from harness.exploring.stage import Stage
    from harness.model.tenant import Tenant
    from harness.run.explore import explore
    from harness.target.connections import ConnectionPlan
    from harness.target.generations import Generations
    from harness.target.initialiser import Initialiser
    from harness.target.login import (
        ApiKey,
        CustomLogin,
        FormLogin,
        JsonLogin,
        MintedJwt,
    )
    from harness.target.operation import Operation
    from harness.target.selector import (
        CredentialSelector,
        HeaderSelector,
        HostSelector,
        ParameterSelector,
        PrefixSelector,
    )
    from harness.target.socket import Socket
    from harness.target.target import Target, Variant
    from harness.target.tools import Answer, Tools

# Lazy (PEP 562): importing `harness.<something>` in an app loads nothing else.
_HOMES = {
    "Answer": "harness.target.tools",
    "ApiKey": "harness.target.login",
    "ConnectionPlan": "harness.target.connections",
    "CredentialSelector": "harness.target.selector",
    "CustomLogin": "harness.target.login",
    "FormLogin": "harness.target.login",
    "Generations": "harness.target.generations",
    "HeaderSelector": "harness.target.selector",
    "HostSelector": "harness.target.selector",
    "Initialiser": "harness.target.initialiser",
    "JsonLogin": "harness.target.login",
    "MintedJwt": "harness.target.login",
    "Operation": "harness.target.operation",
    "ParameterSelector": "harness.target.selector",
    "PrefixSelector": "harness.target.selector",
    "Socket": "harness.target.socket",
    "Stage": "harness.exploring.stage",
    "Target": "harness.target.target",
    "Tenant": "harness.model.tenant",
    "Tools": "harness.target.tools",
    "Variant": "harness.target.target",
    "explore": "harness.run.explore",
    "scenario": "harness.exploring.scenario",
}

__all__ = [
    "Answer",
    "ApiKey",
    "ConnectionPlan",
    "CredentialSelector",
    "CustomLogin",
    "FormLogin",
    "Generations",
    "HeaderSelector",
    "HostSelector",
    "Initialiser",
    "JsonLogin",
    "MintedJwt",
    "Operation",
    "ParameterSelector",
    "PrefixSelector",
    "Socket",
    "Stage",
    "Target",
    "Tenant",
    "Tools",
    "Variant",
    "explore",
    "scenario",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(_HOMES[name]), name)
