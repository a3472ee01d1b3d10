"""From an import string to an ASGI app."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from harness.errors import AppFailed, TargetError
from harness.hosting.asgi import App
from harness.hosting.failure import one_line, place
from harness.target.app import AppSpec

_EXAMPLE = 'Write it as "package.module:attribute", such as "shop.main:app".'


def load(spec: AppSpec) -> App:
    """Import an app, calling it first if it is a factory.

    Raises:
        TargetError: The import string points to nothing that can be served.
        AppFailed: The app's own code raised.
    """
    name, attribute = _split(spec.app)
    module = _import(name, spec)
    found = _attribute(module, attribute, spec.app)
    if not callable(found):
        kind = type(found).__name__
        raise TargetError(
            f"{spec.app!r} is no ASGI app, but {_article(kind)} {kind}.",
            hint="Name the app itself or a factory that returns it.",
        )
    if _is_app(found):
        return cast("App", found)
    made = _call(found, spec)
    if not callable(made) or not _is_app(made):
        close = getattr(made, "close", None)
        if inspect.iscoroutine(made) and close:
            close()
        kind = type(made).__name__
        raise TargetError(
            f"The factory {spec.app!r} returned {_article(kind)} {kind}, "
            "which is no ASGI app.",
            hint="It must return the app, and not be a coroutine.",
        )
    return cast("App", made)


def _split(text: str) -> tuple[str, str]:
    name, colon, attribute = text.partition(":")
    if not colon:
        raise TargetError(f"The import string {text!r} has no colon.", hint=_EXAMPLE)
    for part in (name, attribute):
        if not part or not all(piece.isidentifier() for piece in part.split(".")):
            raise TargetError(
                f"The import string {text!r} is not well formed.", hint=_EXAMPLE
            )
    return name, attribute


def _import(name: str, spec: AppSpec) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if name == missing or name.startswith(f"{missing}."):
            raise TargetError(
                f"There is no module {missing!r}, named by {spec.app!r}.",
                hint=f"It was looked for in {spec.directory.resolve()} first, then "
                "where Python looks.",
            ) from None
        raise _raised(f"Importing {name!r}", error, spec.directory) from error
    except (Exception, SystemExit) as error:
        raise _raised(f"Importing {name!r}", error, spec.directory) from error


def _attribute(module: ModuleType, path: str, text: str) -> object:
    found: object = module
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            near = difflib.get_close_matches(name, dir(found), n=1)
            raise TargetError(
                f"The module {module.__name__!r} has no {path!r}, named by {text!r}.",
                hint=f"Did you mean {near[0]!r}?" if near else "",
            ) from None
    return found


def _is_app(candidate: Callable[..., Any]) -> bool:
    """Whether it takes scope, receive and send, rather than making an app."""
    if _takes(candidate, 3) is not True:
        # Without a signature (built in C) it is given the benefit of the doubt.
        return _takes(candidate, 3) is None
    if _takes(candidate, 0) is not True:
        return not inspect.isclass(candidate)
    # `create_app(settings=None, parts=None, clock=None)` could be either.
    call = getattr(candidate, "__call__", None)  # noqa: B004 - to look at it
    if inspect.iscoroutinefunction(candidate) or inspect.iscoroutinefunction(call):
        return True
    return not (inspect.isroutine(candidate) or inspect.isclass(candidate))


def _takes(candidate: Callable[..., Any], count: int) -> bool | None:
    """Whether it can be called with so many arguments; None if nobody knows."""
    try:
        signature = inspect.signature(candidate)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def _call(factory: Callable[..., Any], spec: AppSpec) -> object:
    if _takes(factory, 0) is False:
        wanted = ", ".join(_required(factory))
        raise TargetError(
            f"The factory {spec.app!r} needs arguments: {wanted}.",
            hint="Name a factory without required arguments; it can read its settings "
            "from the environment.",
        )
    try:
        return factory()
    except (Exception, SystemExit) as error:
        raise _raised(f"The factory {spec.app!r}", error, spec.directory) from error


def _required(factory: Callable[..., Any]) -> list[str]:
    return [
        name
        for name, parameter in inspect.signature(factory).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]


def _raised(what: str, error: BaseException, directory: Path) -> AppFailed:
    where = place(error, directory)
    return AppFailed(
        f"{what} raised {one_line(error)}" + (f" ({where})." if where else ".")
    )


def _article(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" else "a"
