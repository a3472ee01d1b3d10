"""How to start the app under test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSpec:
    """What hosting needs to know to run an app.

    Attributes:
        app: ``"package.module:attribute"`` of an ASGI app or of a factory that
            takes no required arguments.
        environment: Variables to set before the app is imported.
        directory: Put first on the import path; the child's working directory.
        reimport: Packages to import afresh at each start, for apps
            that keep state in modules.
        startup_timeout: Seconds until the app must be ready.
        shutdown_timeout: Seconds until it must be gone.
    """

    app: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    directory: Path = field(default_factory=Path.cwd)
    reimport: tuple[str, ...] = ()
    startup_timeout: float = 30.0
    shutdown_timeout: float = 10.0
