"""Valid requests for an operation, with slots for canaries and references."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from harness.target.case import Case
from harness.target.drawing import Drawing
from harness.target.leaves import Slot, templated
from harness.target.maker import Maker
from harness.target.media import BINARY, JSON
from harness.target.operation import Operation
from harness.target.rendering import Rendered
from harness.target.resources import Resources

__all__ = ["Case", "Rendered", "Slot", "cases"]

_SECONDS: Final = 15.0
"""How long drawing may take per operation: what is rarely, and then badly, needed."""


def cases(
    operation: Operation,
    resources: Resources,
    *,
    count: int,
    seed: int,
    cut_off: Callable[[str], None] | None = None,
) -> tuple[Case, ...]:
    """Return valid requests for an operation, all different.

    The first has every property, the second only what is required, further ones are
    drawn at random. There are fewer than `count` where there is nothing to vary, or
    where the schema takes too long to draw from. An explicit operation (one without
    a schema) has exactly one.

    Args:
        operation: From the OpenAPI document, or written by the user.
        resources: How the target's operations hang together.
        count: How many at most.
        seed: The same seed gives the same requests.
        cut_off: Called with the operation's key where time ran out, and another run
            may therefore make other requests.
    """
    if not operation.schema:
        return (_explicit(operation, resources),)
    own = hashlib.sha256(f"{seed} {operation.key}".encode()).digest()
    drawing = Drawing(seed=int.from_bytes(own[:4], "big"), seconds=_SECONDS)
    maker = Maker(operation, resources, drawing)
    found = [maker.sampled(full=True), maker.sampled(full=False)]
    valid = [case for case in found if maker.accepts(case)]
    if count > len(found) or len(valid) < len(found):
        drawn = drawing.requests(operation, count=2 * count)
        made = [maker.overlaid(one) for one in drawn]
        valid += [case for case in made if maker.accepts(case)]
    if drawing.cut_off and cut_off is not None:
        cut_off(operation.key)
    different: list[Case] = []
    for case in valid or found:
        if not any(case.resembles(one) for one in different):
            different.append(case)
    return tuple(different[: max(count, 1)])


def _explicit(operation: Operation, resources: Resources) -> Case:
    usual = BINARY if isinstance(operation.body, bytes) else JSON
    content_type = operation.content_type or usual
    query = {
        name: templated(text, f"query.{name}") for name, text in operation.query.items()
    }
    drawing = Drawing(seed=0, seconds=_SECONDS)
    return Case(
        path=Maker(operation, resources, drawing).path(),
        query=tuple(query.items()),
        headers=(),
        body=templated(operation.body, "body"),
        content_type="" if operation.body is None else content_type,
    )
