"""What a served child and its parent say to each other: a JSON array a line.

parent → child   the `Setup`, first and once;
                 ["beacon", number, source, text]
                 ["end"]: nobody looks at the stopped app any more
child → parent   ["line", <Line.dump>] · ["ready"]
                 ["failed", kind, message, hint]
                 ["done", exchange]: the app has ended with this request
                 ["emitted", number]: this beacon was sent; what it caused came before
                 where somebody watches, what a `Witness` tells; after the last
                 phase the child waits for ["end"]
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from harness.errors import AppFailed, HarnessError, ResourceError, TargetError
from harness.target.app import AppSpec
from harness.target.initialiser import Initialiser

HEADER: Final = b"x-harness-exchange"
"""Carries an exchange's id to the child, which strips it before the app."""

_ERRORS: Final[Mapping[str, type[HarnessError]]] = MappingProxyType(
    {"app": AppFailed, "resource": ResourceError, "target": TargetError}
)


@dataclass(frozen=True, slots=True)
class Setup:
    """What a child needs to know to run the app; comes without secrets.

    Attributes:
        app: Import string.
        directory: Put first on the import path.
        shutdown_timeout: Seconds until it must be gone.
        watched: Whether to tell of its start and its end.
        initialisers: Functions whose calls to tell of then.
    """

    app: str
    directory: str
    shutdown_timeout: float
    watched: bool = False
    initialisers: tuple[Initialiser, ...] = ()

    @classmethod
    def of(
        cls, spec: AppSpec, initialisers: Sequence[Initialiser] | None = None
    ) -> Setup:
        """Return what a child needs of an app's description.

        Args:
            spec: The description.
            initialisers: What to watch; None where nobody does.
        """
        return cls(
            spec.app,
            str(spec.directory.resolve()),
            spec.shutdown_timeout,
            watched=initialisers is not None,
            initialisers=tuple(initialisers or ()),
        )

    def spec(self) -> AppSpec:
        """Return the description; the variables are in the child's environment."""
        return AppSpec(
            app=self.app,
            directory=Path(self.directory),
            shutdown_timeout=self.shutdown_timeout,
        )

    def dump(self) -> bytes:
        """Return the set-up as one line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> Setup:
        """Read what `dump` wrote."""
        values = json.loads(line)
        listed = tuple(Initialiser(**one) for one in values.pop("initialisers"))
        return cls(**values, initialisers=listed)


def dump(*message: object) -> bytes:
    """Return a message as one line."""
    return json.dumps(message).encode() + b"\n"


def parse(line: bytes) -> list[object]:
    """Read what `dump` wrote."""
    found = json.loads(line)
    return found if isinstance(found, list) else [found]


def error_kind(error: HarnessError) -> str:
    """Return the word for an error that ended a child."""
    for kind, one in _ERRORS.items():
        if isinstance(error, one):
            return kind
    return "target"


def error_of(kind: str) -> type[HarnessError]:
    """Return the error that a word stands for."""
    return _ERRORS.get(kind, TargetError)
