"""``report.json``: a result as versioned JSON, its schema, and back again."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from harness.errors import UsageError
from harness.model.result import Result

VERSION = 1


def render(result: Result) -> bytes:
    """Return a result as indented JSON, UTF-8, with a newline at its end."""
    data = {"version": VERSION, **_adapter().dump_python(result, mode="json")}
    for written, finding in zip(data["findings"], result.findings, strict=True):
        written["fingerprint"] = finding.fingerprint
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=2)
    # A lone surrogate, which a log line may hold, has no encoding.
    return text.encode(errors="replace") + b"\n"


def parse(data: bytes, *, name: str = "report.json") -> Result:
    """Return the result that a report holds.

    Args:
        data: What `render` returned.
        name: What to call the file in messages.

    Raises:
        UsageError: This is no report, or one of a version that is not known.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not JSON: {error}.", hint=_AGAIN) from error
    version = document.get("version") if isinstance(document, dict) else None
    if version is None:
        raise UsageError(f"{name} is not a report of the harness.", hint=_AGAIN)
    if version != VERSION:
        raise UsageError(
            f"{name} has version {version!r}; this harness reads version {VERSION}.",
            hint="Use the version of the harness that wrote it.",
        )
    try:
        return _adapter().validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "document"
        message = f"{name} is broken at {where}: {first['msg']}."
        raise UsageError(message, hint=_AGAIN) from error


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of `render`'s output."""
    generated = _adapter().json_schema(mode="serialization")
    finding = generated["$defs"]["Finding"]
    finding["properties"]["fingerprint"] = {
        "description": "The same for the same bug in any run.",
        "pattern": "^[0-9a-f]{12}$",
        "type": "string",
    }
    finding["required"].append("fingerprint")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **generated,
        "title": "report.json of the tenant isolation harness",
        "properties": {"version": {"const": VERSION}, **generated["properties"]},
        "required": ["version", *generated["required"]],
    }


def render_schema() -> str:
    """Return the schema as indented text, as published in ``docs/``."""
    return json.dumps(schema(), indent=2, sort_keys=True) + "\n"


_AGAIN = "Give the run's directory or its report.json; if it is cut off, run again."


@cache
def _adapter() -> TypeAdapter[Result]:
    """Return the adapter; building it takes a while, importing this does not."""
    return TypeAdapter(Result)
