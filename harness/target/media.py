"""Media types: which bodies can be written, and which answers are files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
BINARY: Final = "application/octet-stream"

_FILES: Final = frozenset(
    {
        "application/gzip",
        "application/msword",
        "application/octet-stream",
        "application/pdf",
        "application/rtf",
        "application/x-7z-compressed",
        "application/x-tar",
        "application/zip",
        "application/x-zip-compressed",
        "text/calendar",
        "text/csv",
        "text/tab-separated-values",
        "text/vcard",
    }
)
_FAMILIES: Final = (
    "application/vnd.ms-",
    "application/vnd.oasis.opendocument.",
    "application/vnd.openxmlformats-",
    "audio/",
    "font/",
    "image/",
    "video/",
)


def plain(content_type: str) -> str:
    """Return a media type in lower case and without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def is_json(content_type: str) -> bool:
    """Whether a body of this type is JSON."""
    kind = plain(content_type)
    return kind in {JSON, "*/*", "application/*"} or kind.endswith("+json")


def is_raw(content_type: str) -> bool:
    """Whether a body of this type is any text or bytes."""
    kind = plain(content_type)
    return kind == BINARY or (kind.startswith("text/") and kind != "text/xml")


def is_file(content_type: str, disposition: str = "") -> bool:
    """Whether an answer is a file to keep rather than one to read."""
    kind = plain(content_type)
    if disposition.strip().lower().startswith("attachment"):
        return True
    return kind in _FILES or kind.startswith(_FAMILIES)


def best(request_body: object) -> tuple[str, str]:
    """Choose the media type in which to send a body.

    Args:
        request_body: The OpenAPI request body object, if there is one.

    Returns:
        The media type, "" for no body, and why the operation must be left out,
        "" if it need not.
    """
    if not isinstance(request_body, Mapping):
        return "", ""
    content: Mapping[str, Any] = request_body.get("content") or {}
    ranked = sorted(
        (kind for kind in content if _rank(kind) is not None),
        key=lambda kind: _rank(kind) or 0,
    )
    if ranked:
        return (JSON if "*" in ranked[0] else ranked[0]), ""
    if not content or request_body.get("required") is not True:
        return "", ""
    names = ", ".join(content)
    return "", f"a body of {names} is not generated; give it in `operations`"


def declared(request_body: object, content_type: str) -> Mapping[str, Any]:
    """Return the OpenAPI media type object for a type chosen by `best`."""
    content = request_body.get("content") if isinstance(request_body, Mapping) else None
    if not isinstance(content, Mapping):
        return {}
    found = content.get(content_type)
    if found is None:
        found = next((content[kind] for kind in content if "*" in kind), None)
    return found if isinstance(found, Mapping) else {}


def example(media: Mapping[str, Any]) -> Any:
    """Return the first example that a media type object gives; None for none."""
    if media.get("example") is not None:
        return media["example"]
    named = media.get("examples")
    for entry in named.values() if isinstance(named, Mapping) else ():
        if isinstance(entry, Mapping) and entry.get("value") is not None:
            return entry["value"]
    return None


def _rank(content_type: str) -> int | None:
    kind = plain(content_type)
    for rank, accepted in enumerate(
        (kind == JSON, is_json(kind), kind == FORM, kind == MULTIPART, is_raw(kind))
    ):
        if accepted:
            return rank
    return None
