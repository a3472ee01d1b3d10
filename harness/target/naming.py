"""How names of collections, parameters and properties relate to one another."""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_IRREGULAR: Final = {
    "children": "child",
    "indices": "index",
    "matrices": "matrix",
    "men": "man",
    "people": "person",
    "vertices": "vertex",
    "women": "woman",
}
_IDENTIFIERS: Final = frozenset(
    {"id", "ids", "uuid", "uuids", "guid", "guids", "pk", "pks", "ref", "refs"}
)
_TENANT_WORDS: Final = frozenset({"tenant", "tenants", "subdomain"})
_TENANT_LIKE: Final = frozenset(
    {
        "account",
        "client",
        "company",
        "customer",
        "org",
        "organisation",
        "organization",
        "slug",
        "team",
        "workspace",
    }
)


def words(name: str) -> list[str]:
    """Split a name such as ``taskId``, ``task_id`` or ``task-id``; lower case."""
    return [word.lower() for word in _WORD.findall(name)]


def singulars(word: str) -> frozenset[str]:
    """Return what a word may be the plural of, and the word itself.

    English does not tell ``boxe``/``boxes`` from ``box``/``boxes``: two words mean
    the same collection if they share a candidate.
    """
    found = {word, _IRREGULAR.get(word, word)}
    if len(word) > 2 and word.endswith("s") and not word.endswith("ss"):
        found.add(word[:-1])
        if word.endswith("es"):
            found.add(word[:-2])
        if word.endswith("ies"):
            found.add(word[:-3] + "y")
        if word.endswith("ves"):
            found |= {word[:-3] + "f", word[:-3] + "fe"}
        if word.endswith("ses"):
            found.add(word[:-2] + "is")
    return frozenset(found)


def same_thing(one: str, other: str) -> bool:
    """Whether two names, singular or plural, name the same sort of object."""
    return bool(singulars("".join(words(one))) & singulars("".join(words(other))))


def referred(property_name: str) -> tuple[str, ...]:
    """Return what a property may refer to, the most specific first.

    ``parent_document_id`` gives ``parentdocument`` and ``document``.
    """
    parts = words(property_name)
    while parts and parts[-1] in _IDENTIFIERS:
        parts.pop()
    return tuple("".join(parts[start:]) for start in range(len(parts)))


def identifies(property_name: str) -> bool:
    """Whether a name says that it holds the identifier of another object."""
    parts = words(property_name)
    return len(parts) > 1 and parts[-1] in _IDENTIFIERS


def names_tenant(parameter: str, *, leading: bool) -> bool:
    """Whether a path parameter says which tenant is meant.

    Args:
        parameter: Its name.
        leading: Whether no collection comes before it in the path; there an
            organisation or a workspace is a tenant, elsewhere it is an object.
    """
    parts = words(parameter)
    if not parts:
        return False
    if parts[0] in _TENANT_WORDS:
        return True
    return leading and parts[0] in _TENANT_LIKE
