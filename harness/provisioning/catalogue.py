"""The catalogue: the app's operations, how they hang together, and request data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, final

from harness.errors import SchemaError
from harness.model.event import Declared
from harness.target.choices import choices, with_choice
from harness.target.generation import Case, cases
from harness.target.openapi import operations, parse
from harness.target.operation import metrics_operation, socket_operation
from harness.target.resources import Resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.model.step import Step
    from harness.recording.recorder import Recorder
    from harness.target.choices import Choice
    from harness.target.operation import Operation
    from harness.target.target import Target

CASES = 6
"""Request variants that are pooled per operation."""
SAMPLED = 2
"""Of these, those that are put together, and not drawn; that takes seconds in all."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What can be asked of the app.

    Attributes:
        operations: By key, in the order of the document.
        resources: How the operations hang together.
        pool: Request variants per operation's key, the fullest first.
        document: The OpenAPI document that told of them; b"" if there was none.
    """

    operations: Mapping[str, Operation]
    resources: Resources
    pool: Mapping[str, tuple[Case, ...]]
    document: bytes = field(default=b"", repr=False)

    def case(self, step: Step) -> Case:
        """Return the request that a step of a known operation makes.

        A value that its operation no longer offers is left out.
        """
        pool = self.pool[step.operation]
        case = pool[step.case % len(pool)]
        if step.chosen:
            for choice in self.choices(step.operation):
                if choice.name == step.chosen:
                    return with_choice(case, choice)
        return case

    def choices(self, key: str) -> tuple[Choice, ...]:
        """Return the values of closed sets that an operation's body may carry."""
        return choices(self.operations[key])

    def declare(self, recorder: Recorder) -> None:
        """Record each operation that the app offers."""
        for operation in self.operations.values():
            recorder.add(
                Declared(
                    kind="declared",
                    operation=operation.key,
                    audience=operation.audience,
                    required=operation.required,
                    mutates=operation.mutates,
                    skipped=operation.skipped,
                    channel=operation.channel,
                )
            )


def make_catalogue(
    target: Target,
    document: bytes,
    *,
    seed: int,
    tenant_parameters: Iterable[str] = (),
    cases: int = CASES,
    cut_off: Callable[[str], None] | None = None,
) -> Catalogue:
    """Put together what the document and the target say.

    Args:
        target: Names audiences, what to skip, and operations of its own.
        document: The OpenAPI document; b"" if there is none.
        seed: Of the generated request data.
        tenant_parameters: Path parameters that the target's selector fills.
        cases: How many requests of each operation, at most.
        cut_off: Told of operations whose requests took too long to draw.

    Raises:
        SchemaError: The document is broken.
    """
    listed = (
        operations(parse(document), source=target.openapi or "the app")
        if document
        else ()
    )
    known = {operation.key: operation for operation in listed}
    known |= {operation.key: operation for operation in target.operations}
    known |= {one.key: one for one in map(socket_operation, target.sockets)}
    for key, operation in known.items():
        audience = target.audience(operation.method, operation.path)
        skipped = operation.skipped
        if target.skips(operation.method, operation.path):
            skipped = "skipped by the target"
        known[key] = replace(operation, audience=audience, skipped=skipped)
    if target.metrics:
        page = metrics_operation(target.metrics, target.metrics_headers)
        known[page.key] = page
    resources = Resources(known.values(), tenant_parameters=tenant_parameters)
    usable = {key: one for key, one in known.items() if not one.skipped}
    pool = CasePool(usable, resources, seed=seed, count=cases, cut_off=cut_off)
    return Catalogue(known, resources, pool, document)


@final
class CasePool(Mapping[str, tuple[Case, ...]]):
    """Request variants per operation, generated when they are first looked up.

    Not every exercise sends requests of every kind, and an operation takes 0.1 s. What
    comes out does not depend on the order of the look-ups.

    Args:
        operations: By key.
        resources: How they hang together.
        seed: Of the generated request data.
        count: How many of each operation, at most.
        cut_off: Told of operations whose requests took too long to draw.
    """

    def __init__(
        self,
        operations: Mapping[str, Operation],
        resources: Resources,
        *,
        seed: int,
        count: int = CASES,
        cut_off: Callable[[str], None] | None = None,
    ) -> None:
        self._operations = operations
        self._resources = resources
        self._seed = seed
        self._count = count
        self._cut_off = cut_off
        self._made: dict[str, tuple[Case, ...]] = {}

    def __getitem__(self, key: str) -> tuple[Case, ...]:
        if key not in self._made:
            operation = self._operations[key]
            self._made[key] = cases(
                operation,
                self._resources,
                count=self._count,
                seed=self._seed,
                cut_off=self._cut_off,
            )
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._operations)

    def __len__(self) -> int:
        return len(self._operations)


def read_document(path: str) -> bytes:
    """Read an OpenAPI document from a file.

    Raises:
        SchemaError: There is no such file.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        message = f"The OpenAPI document {path} cannot be read: {error.strerror}."
        raise SchemaError(message, hint="Set Target.openapi.") from error
