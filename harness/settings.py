"""Settings: the nearest pyproject.toml, then ``HARNESS_*`` variables, then flags."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from harness.errors import SettingsError
from harness.model.budget import Budget
from harness.model.event import Channel
from harness.model.finding import Severity

PREFIX = "HARNESS_"

_Crowd = Annotated[int, Field(ge=2, le=10_000)]

_FLAGS = {"startup_tenants": "--tenants"}

INTERNAL_VARIABLES = frozenset({"HARNESS_JOURNALS", "HARNESS_WORLD"})
"""Variables by which a run tells its own children something; not settings."""


def _listed(value: object) -> object:
    """Split ``"body,log"``, the form that a list has in a variable or a flag."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def _budgets(value: object) -> object:
    """Read budgets as they are written for people."""
    listed = _listed(value)
    if not isinstance(listed, list | tuple):
        return listed
    return tuple(Budget.parse(one) if isinstance(one, str) else one for one in listed)


class Settings(BaseModel):
    """What a user can choose; each name is a key, a variable and a flag."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    target: str = Field(default="", pattern=r"^$|^[\w.]+:[\w.]+$")
    """Import string of the `Target`, ``"package.module:attribute"``."""
    variant: str = ""
    """Variant of the app to run, one of `Target.variants`; "" for the app itself."""
    postgres: Literal["auto", "testcontainers", "embedded", "dsn"] = "auto"
    """Where Postgres comes from."""
    dsn: SecretStr | None = None
    """Of a Postgres server that is already there; a secret."""
    postgres_image: str = Field(default="postgres:16-alpine", min_length=1)
    """Image that testcontainers starts."""
    seed: int = Field(default=0, ge=0)
    """Of everything random; fixed, so that a run repeats."""
    tenants: int = Field(default=4, ge=2, le=100_000)
    """How many tenants are made."""
    hosting: Literal["inprocess", "served"] = "inprocess"
    """Whether the app runs in this process or in one of its own."""
    workers: int = Field(default=1, ge=1, le=64)
    """Processes of a served app."""
    port: int = Field(default=0, ge=0, le=65535)
    """TCP port of a served app, on loopback; 0 for any free one."""
    sweep: bool = True
    """Whether each operation is tried under each identity."""
    machine: bool = True
    """Whether the state machine looks for sequences."""
    examples: int = Field(default=40, ge=1)
    """Sequences that the state machine tries."""
    steps: int = Field(default=12, ge=1)
    """Longest sequence, in requests."""
    together: int = Field(default=48, ge=0, le=100_000)
    """Schedules in which `isolation` has requests of tenants meet; 0 for none."""
    fail_on: Severity = Severity.MINOR
    """A finding of this severity, or a worse one, fails the run."""
    floor_channels: Annotated[tuple[Channel, ...], BeforeValidator(_listed)] = (
        Channel.BODY,
        Channel.LOG,
    )
    """Channels that must be watched, or the run is inconclusive."""
    floor_operations: float = Field(default=1.0, ge=0.0, le=1.0)
    """Fraction of the required operations that must be covered."""
    budget: Annotated[tuple[Budget, ...], BeforeValidator(_budgets)] = ()
    """The most that measured figures may be, ``"ready=2s"``, ``"p99=500ms"``."""
    startup_tenants: Annotated[tuple[_Crowd, ...], BeforeValidator(_listed)] = Field(
        default=(10,), min_length=1
    )
    """How many tenants the app is started with; each number is a world of its own."""
    strategy: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    """Start-up strategies, as the target names them; all of them if none is named."""
    trials: int = Field(default=3, ge=1, le=100)
    """How often the app is started in each way."""
    schedules: int = Field(default=200, ge=1, le=1_000_000)
    """Schedules of each scenario that `races` explores."""
    task_steps: bool = False
    """Whether `races` also orders steps of tasks with nothing outside between."""
    runs: Path = Path(".harness/runs")
    """Where runs are kept; in a file, relative to that file."""
    keep_runs: int = Field(default=20, ge=1)
    """How many runs are kept; older ones are removed."""
    snapshot: bool = True
    """Whether worlds of many tenants are kept, and taken from where they were kept."""
    cache: Path | None = None
    """Where they are kept; in a file, relative to that file."""
    junit: Path | None = None
    """Where to write JUnit XML as well; in a file, relative to that file."""

    @field_validator("dsn")
    @classmethod
    def _address(cls, value: SecretStr | None) -> SecretStr | None:
        """Refuse what no driver could connect to; the value is never shown."""
        if value is None:
            return None
        scheme, separator, _ = value.get_secret_value().strip().partition("://")
        known = scheme.partition("+")[0] in {"postgresql", "postgres"}
        if not separator or not known:
            raise ValueError("not postgresql://user:password@host:port/database")
        try:
            urlsplit(value.get_secret_value()).port  # noqa: B018 - it is checked
        except ValueError:
            raise ValueError("the port is not a number") from None
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.postgres == "dsn" and self.dsn is None:
            raise ValueError("postgres is 'dsn', but no dsn is set")
        if not self.sweep and not self.machine:
            raise ValueError("sweep and machine are both off: nothing would be tried")
        return self


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings, and where they came from.

    Attributes:
        settings: The settings.
        pyproject: The file whose ``[tool.harness]`` was read, if any.
        origins: For each setting that was set, what set it last.
    """

    settings: Settings
    pyproject: Path | None
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Layer:
    """Values of one source.

    Attributes:
        values: Setting and value.
        origins: Setting and what a user would look for to change it.
    """

    values: Mapping[str, object]
    origins: Mapping[str, str]


def load_settings(
    flags: Mapping[str, object], *, cwd: Path, environ: Mapping[str, str]
) -> LoadedSettings:
    """Read settings from the file, the environment and the flags; the later wins.

    Args:
        flags: Settings given on the command line; None for those that were not.
        cwd: Where to start looking for a pyproject.toml, upwards.
        environ: Environment variables.

    Raises:
        SettingsError: A setting or variable is unknown or has a bad value, or the
            file cannot be read.
    """
    pyproject = _nearest(cwd)
    table = _table(pyproject) if pyproject else None
    layers = [_from_environment(environ), _from_flags(flags)]
    if pyproject and table is not None:
        layers.insert(0, _from_table(table, pyproject))
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        values |= layer.values
        origins |= layer.origins
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise _bad_value(first, values, origins) from None
    read = pyproject if table is not None else None
    return LoadedSettings(settings=settings, pyproject=read, origins=origins)


def _nearest(cwd: Path) -> Path | None:
    """Return the first pyproject.toml upwards."""
    directories = (cwd, *cwd.parents)
    return next(
        (found for one in directories if (found := one / "pyproject.toml").is_file()),
        None,
    )


def _table(pyproject: Path) -> Mapping[str, Any] | None:
    """Return a file's ``[tool.harness]``; None if it has none."""
    try:
        document = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{pyproject} cannot be read: {error}.") from error
    tools = document.get("tool", {})
    table = tools.get("harness") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise SettingsError(f"{pyproject}: tool.harness must be a table.")
    return table


def _from_table(table: Mapping[str, object], pyproject: Path) -> _Layer:
    place = f"[tool.harness] of {pyproject}"
    for name in table:
        if name not in Settings.model_fields:
            raise _unknown(f"{name} in {place}", name, Settings.model_fields)
    values = dict(table)
    for name in ("runs", "junit", "cache"):
        if isinstance(path := values.get(name), str):
            values[name] = pyproject.parent / path
    return _Layer(values, {name: f"{name} in {place}" for name in table})


def _from_environment(environ: Mapping[str, str]) -> _Layer:
    """Read variables; an empty one, which CI servers like to set, counts as unset."""
    known = {f"{PREFIX}{name.upper()}": name for name in Settings.model_fields}
    given = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or variable in INTERNAL_VARIABLES:
            continue
        if variable not in known:
            raise _unknown(f"The variable {variable}", variable, known)
        if value:
            given[variable] = value
    return _Layer(
        {known[variable]: value for variable, value in given.items()},
        {known[variable]: variable for variable in given},
    )


def _from_flags(flags: Mapping[str, object]) -> _Layer:
    given = {name: value for name, value in flags.items() if value is not None}
    for name in given:
        if name not in Settings.model_fields:
            raise _unknown(flag(name), name, Settings.model_fields)
    return _Layer(given, {name: flag(name) for name in given})


def flag(name: str) -> str:
    """Return the flag that sets a setting."""
    return _FLAGS.get(name, f"--{name.replace('_', '-')}")


def _unknown(what: str, name: str, known: Iterable[str]) -> SettingsError:
    names = sorted(known)
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0)
    return SettingsError(
        f"{what} is not a setting; the nearest one is {nearest[0]}.",
        hint=f"There are: {', '.join(names)}.",
    )


def _bad_value(
    error: ErrorDetails, values: Mapping[str, object], origins: Mapping[str, str]
) -> SettingsError:
    """Say in one line which value is bad, where it came from, and what would do."""
    name = str(error["loc"][0]) if error["loc"] else ""
    problem = error["msg"].removeprefix("Value error, ")
    if not name:
        involved = ", ".join(dict.fromkeys(_blamed(problem, origins)))
        return SettingsError(f"{problem}{f' ({involved})' if involved else ''}.")
    shown = "" if name == "dsn" else f" is {values.get(name)!r}"
    return SettingsError(
        f"{origins.get(name, name)}{shown}: {problem[0].lower()}{problem[1:]}."
    )


def _blamed(problem: str, origins: Mapping[str, str]) -> Iterator[str]:
    """Yield where those settings came from that a message names."""
    words = set(problem.replace("'", " ").replace(",", " ").split())
    return (origin for name, origin in origins.items() if name in words)
