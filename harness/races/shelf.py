"""Where scenarios come from: those that come along, and the user's own files."""

from __future__ import annotations

import difflib
import importlib.util
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import harness
from harness.errors import UsageError
from harness.exploring.scenario import Scenario, ensure_distinct
from harness.hosting.failure import one_line

_MODULES: Final = "harness_scenarios"
_FILE: Final = re.compile(r"(?P<path>.+\.py)(?::(?P<name>\w+))?")


def shelf() -> Path:
    """Return where the scenarios are: in the package, or in a checkout beside it."""
    package = Path(harness.__file__).resolve().parent
    packed = package / "scenarios" / "races"
    return packed if packed.is_dir() else package.parent / "scenarios" / "races"


def known_scenarios() -> Mapping[str, Scenario]:
    """Return the scenarios that come along, by name."""
    found: dict[str, Scenario] = {}
    for path in sorted(shelf().glob("*.py")):
        found |= scenarios_in(path)
    return found


def find_scenarios(names: Sequence[str]) -> Sequence[Scenario]:
    """Return scenarios by their names, or all of a file by its path.

    Args:
        names: Of scenarios that come along, or paths that end in ``.py``, or
            ``path.py:name``; all that come along if there are none.

    Raises:
        UsageError: There is no such scenario, or two of one name.
    """
    known = known_scenarios()
    if not names:
        return tuple(known.values())
    # What is named twice is meant once.
    found = [one for name in dict.fromkeys(names) for one in _found(name, known)]
    ensure_distinct(found)
    return tuple(found)


def _found(name: str, known: Mapping[str, Scenario]) -> Sequence[Scenario]:
    file = _FILE.fullmatch(name)
    if file is not None:
        here = scenarios_in(Path(file["path"]))
        if file["name"] is None:
            return tuple(here.values())
        known, name = here, file["name"]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        guess = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(
            f"There is no scenario {name!r}.{guess}",
            hint=f"There are: {', '.join(known)}; or name a file of yours.",
        )
    return (known[name],)


def scenarios_in(path: Path) -> Mapping[str, Scenario]:
    """Return the scenarios of a file, by name.

    Raises:
        UsageError: It cannot be read, or has none.
    """
    if not path.is_file():
        raise UsageError(f"There is no file {path}.")
    name = f"{_MODULES}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise UsageError(f"Importing {path} failed: {one_line(error)}.") from error
    found = {
        one.name: one for one in vars(module).values() if isinstance(one, Scenario)
    }
    if not found:
        raise UsageError(
            f"{path} has no scenario.", hint="Mark an async function with @scenario."
        )
    return found
