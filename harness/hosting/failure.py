"""What is said of an app that failed."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from harness.errors import AppFailed, HarnessError, ResourceError

_LONGEST: Final = 300
_TAIL: Final = 20
_ENDS: Final = 8
_FILES: Final = frozenset({errno.EMFILE, errno.ENFILE})


def one_line(error: BaseException) -> str:
    """Return an exception's type and message on one line."""
    text = " ".join(str(error).split())
    name = type(error).__name__
    return f"{name}: {text}"[:_LONGEST] if text else name


def place(error: BaseException, directory: Path) -> str:
    """Return file and line where an exception came from; "" if nobody knows."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_relative(error.filename, directory)}, line {error.lineno}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen")
    ]
    if not frames:
        return ""
    return f"{_relative(frames[-1].filename, directory)}, line {frames[-1].lineno}"


def with_tail(error: HarnessError, tail: Sequence[str]) -> HarnessError:
    """Return the same error with the last lines of the app's output below."""
    lines = [line for text in tail for line in _ends(text.splitlines())][-_TAIL:]
    if not lines:
        return error
    shown = "\n".join(("The last lines of its output:", *(f"  {x}" for x in lines)))
    hint = f"{error.hint}\n{shown}" if error.hint else shown
    return type(error)(error.message, hint=hint)


def _ends(lines: list[str]) -> list[str]:
    """Shorten a text, such as a traceback, to its first line and its last ones."""
    return lines if len(lines) <= _ENDS else [lines[0], "  …", *lines[-_ENDS + 2 :]]


def of_system(error: OSError, doing: str) -> HarnessError:
    """Return the error for a system that refused something that hosting needs."""
    if error.errno in _FILES:
        return ResourceError(
            f"Too many files are open to {doing}.",
            hint="Raise the limit: `ulimit -n 4096`.",
        )
    return AppFailed(f"The system refused to {doing}: {error.strerror or error}.")


def is_exhausted(error: BaseException) -> OSError | None:
    """Return the reason of an error if it is that too many files are open."""
    reason: BaseException | None = error
    while reason is not None:
        if isinstance(reason, OSError) and reason.errno in _FILES:
            return reason
        reason = reason.__cause__ or reason.__context__
    return None


def _relative(filename: str, directory: Path) -> str:
    path = Path(filename)
    try:
        return str(path.relative_to(directory.resolve()))
    except ValueError:
        return path.name if path.name != "__init__.py" else "/".join(path.parts[-2:])
