"""Compiled modules: kept for a run where Python was told to keep none."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_OFF: Final = "PYTHONDONTWRITEBYTECODE"
_PREFIX: Final = "PYTHONPYCACHEPREFIX"


@contextmanager
def kept_bytecode() -> Iterator[None]:
    """Keep them in a directory of the run's own until the block ends.

    An app is imported again at each of its starts. Under ``PYTHONDONTWRITEBYTECODE``,
    which images of containers often set, each start would compile all that it
    imports. It holds here and in the processes that are started meanwhile.
    """
    if not sys.dont_write_bytecode:
        yield
        return
    prefix, before = sys.pycache_prefix, dict(os.environ)
    with tempfile.TemporaryDirectory(
        prefix="harness-bytecode-", ignore_cleanup_errors=True
    ) as directory:
        sys.dont_write_bytecode, sys.pycache_prefix = False, directory
        os.environ.pop(_OFF, None)
        os.environ[_PREFIX] = directory
        try:
            yield
        finally:
            sys.dont_write_bytecode, sys.pycache_prefix = True, prefix
            for name in (_OFF, _PREFIX):
                os.environ.pop(name, None)
                if name in before:
                    os.environ[name] = before[name]
