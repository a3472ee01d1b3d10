"""What can go wrong, and the exit code that goes with it.

HarnessError
├── UsageError            2  the call, the settings or the target are wrong
│   ├── SettingsError        a setting, variable or flag
│   ├── TargetError          the adapter: an import string, a path, a hook
│   └── SchemaError          the app's OpenAPI document
├── EnvironmentFailure    3  what the run needs is not there, or went away
│   ├── PostgresError        no database could be had, or it died
│   ├── AppFailed            the app did not boot, hung, or died
│   └── ResourceError        full disk, too few files, port in use
└── Inconclusive          4  the run could not see enough to judge
    └── ProvisioningError    a tenant could not be made, logged in or seeded

Each message says what happened, to what, and what to do next; none shows a
secret.
"""

from __future__ import annotations

from typing import ClassVar


class HarnessError(Exception):
    """Anything the harness raises on purpose.

    Args:
        message: What happened, and to what.
        hint: What the reader can do next, as a sentence; "" when obvious.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(HarnessError):
    """The call, the settings or the target are wrong; nothing was started."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting, environment variable or flag is unknown or has a bad value."""


class TargetError(UsageError):
    """The adapter that describes the app cannot be used as it stands."""


class SchemaError(UsageError):
    """The app's OpenAPI document is missing or broken."""


class EnvironmentFailure(HarnessError):
    """Something outside the app under test is missing or went away."""

    exit_code = 3


class PostgresError(EnvironmentFailure):
    """No Postgres could be had, or the one in use died."""


class AppFailed(EnvironmentFailure):
    """The app did not boot, did not answer in time, or died."""


class ResourceError(EnvironmentFailure):
    """The machine ran out of something: disk, files, ports."""


class Inconclusive(HarnessError):
    """The run could not see enough to judge."""

    exit_code = 4


class ProvisioningError(Inconclusive):
    """A tenant could not be created, logged in or seeded; the step is named."""
