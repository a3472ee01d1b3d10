"""From the settings' import string to the target."""

from __future__ import annotations

import difflib
import importlib
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import TargetError, UsageError
from harness.target.target import Target

if TYPE_CHECKING:
    from collections.abc import Mapping

HINT = 'Write it as "package.module:attribute" into [tool.harness] or --target.'


def load_target(text: str, *, root: Path) -> Target:
    """Import a target.

    Args:
        text: ``"package.module:attribute"``.
        root: Directory to import it from, before all others.

    Raises:
        TargetError: The import string points to nothing, or to something else.
    """
    if not text:
        raise TargetError("No target is set.", hint=HINT)
    name, _, attribute = text.partition(":")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            message = (
                f"There is no module {error.name!r}, named by the target {text!r}."
            )
            raise TargetError(message, hint=HINT) from None
        raise _raised(text, error) from error
    except Exception as error:
        raise _raised(text, error) from error
    found = getattr(module, attribute, None)
    if isinstance(found, Target):
        return found
    if found is None:
        near = difflib.get_close_matches(attribute, dir(module), n=1)
        hint = f"Did you mean {near[0]!r}?" if near else HINT
        message = f"The module {name!r} has no {attribute!r}, named by the target."
        raise TargetError(message, hint=hint)
    kind = type(found).__name__
    message = f"The target {text!r} is not a harness.Target, but a {kind}."
    raise TargetError(message, hint="Make it with `from harness import Target`.")


def _raised(text: str, error: Exception) -> TargetError:
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}, line {last.lineno}"
    what = f"{type(error).__name__}: {error}"
    return TargetError(f"Importing the target {text!r} failed: {what} ({place}).")


def with_variant(target: Target, name: str) -> Target:
    """Put a variant in the place of the app.

    Raises:
        UsageError: The target has no such variant.
    """
    if not name:
        return target
    variant = target.variants.get(name)
    if variant is None:
        known = ", ".join(sorted(target.variants)) or "none"
        near = difflib.get_close_matches(name, target.variants, n=1)
        guess = f" Did you mean {near[0]!r}?" if near else ""
        message = f"The target has no variant {name!r}."
        raise UsageError(message, hint=f"It has: {known}.{guess}")
    environment = {**target.environment, **variant.environment}
    return replace(target, app=variant.app, environment=environment)


def filled_environment(
    environment: Mapping[str, str], values: Mapping[str, str]
) -> dict[str, str]:
    """Fill ``{dsn}``, ``{host}``, … into the app's variables.

    Raises:
        TargetError: A template names something else, or is no string.
    """
    filled = {}
    for name, template in environment.items():
        try:
            filled[name] = template.format_map(values)
        except (KeyError, ValueError, IndexError, AttributeError) as error:
            message = f"Target.environment[{name!r}] cannot be filled: {error}."
            known = ", ".join(f"{{{key}}}" for key in values)
            hint = f"It may use {known}; write a literal brace twice."
            raise TargetError(message, hint=hint) from error
    return filled
