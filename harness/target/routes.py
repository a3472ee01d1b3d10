"""Route templates: their parameters, and the collections that these are in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from harness.target.naming import names_tenant

_PARAMETER: Final = re.compile(r"\{([^{}]*)\}")
_PREFIX: Final = re.compile(r"api|rest|public|v\d+(\.\d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a route template.

    Attributes:
        name: Without a converter such as ``:path``.
        kind: The collection that it picks an object from, with nameless
            parameters, ``"/projects/{}/tasks"``; the path before it where no
            literal segment is in between, ``"/"`` at the root.
        tenant: Whether it says which tenant is meant.
    """

    name: str
    kind: str
    tenant: bool


def nameless(path: str) -> str:
    """Return a path without the names of its parameters and a slash at its end."""
    return _PARAMETER.sub("{}", path).rstrip("/") or "/"


def parameters(
    path: str, tenant_names: frozenset[str] = frozenset()
) -> tuple[Parameter, ...]:
    """Return a route's parameters, outermost first.

    Args:
        path: Route template.
        tenant_names: Names that mean the tenant besides those that look so.
    """
    found = []
    for match in _PARAMETER.finditer(path):
        before = path[: match.start()]
        name = match[1].partition(":")[0]
        leading = all(_PREFIX.fullmatch(part) for part in before.split("/") if part)
        tenant = name in tenant_names or names_tenant(name, leading=leading)
        found.append(Parameter(name, nameless(before), tenant))
    return tuple(found)


def ends_in_parameter(path: str) -> bool:
    """Whether a route's last segment is a parameter, as an object's is."""
    return path.rstrip("/").endswith("}")


def collection_name(kind: str) -> str:
    """Return the last literal segment of a kind; "" if it ends in a parameter."""
    last = kind.rpartition("/")[2]
    return "" if "{" in last else last


def parent(kind: str) -> str:
    """Return the path above a kind's last segment."""
    return kind.rpartition("/")[0] or "/"
