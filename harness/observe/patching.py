"""Functions of the app replaced when their modules are imported, and put back."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, final

from harness.errors import TargetError

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Patch:
    """What to put in a function's place.

    Attributes:
        function: ``"package.module:Class.method"``.
        wrap: Makes its replacement; raises `LookupError` if it cannot.
    """

    function: str
    wrap: Wrap


@contextlib.contextmanager
def patched_on_import(
    patches: Sequence[Patch], *, lacking: Callable[[str], Exception] | None = None
) -> Iterator[Callable[[], None]]:
    """Replace functions as soon as their modules are imported, or now if they are.

    Args:
        patches: The functions.
        lacking: Makes what is raised at once, out of the import, where a module lacks
            one of them; it is told which. By default the app goes on without.

    Yields:
        What to call once the app is imported: it raises `TargetError` if a function
        was not there or could not be replaced.
    """
    patcher = _Patcher(patches, lacking)
    sys.meta_path.insert(0, patcher)
    try:
        for name in patcher.modules:
            if name in sys.modules:
                patcher.apply(sys.modules[name])
        yield patcher.complain
    finally:
        sys.meta_path.remove(patcher)
        patcher.undo()


@final
class _Patcher(MetaPathFinder):
    """Finds the modules in question as ever, and patches them once they have run."""

    def __init__(
        self, patches: Sequence[Patch], lacking: Callable[[str], Exception] | None
    ) -> None:
        self._lacking = lacking
        self._patches: dict[str, list[Patch]] = defaultdict(list)
        for patch in patches:
            self._patches[patch.function.partition(":")[0]].append(patch)
        self._undo = contextlib.ExitStack()
        self._problems: list[str] = []
        self._finding: set[str] = set()

    @property
    def modules(self) -> tuple[str, ...]:
        return tuple(self._patches)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname not in self._patches or fullname in self._finding:
            return None
        self._finding.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._finding.discard(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self)
        return spec

    def apply(self, module: ModuleType) -> None:
        for patch in self._patches[module.__name__]:
            try:
                self._replace(module, patch)
            except LookupError as error:
                if self._lacking is not None:
                    raise self._lacking(patch.function) from error
                self._problems.append(f"{patch.function!r} {error.args[0]}")

    def _replace(self, module: ModuleType, patch: Patch) -> None:
        *path, name = patch.function.partition(":")[2].split(".")
        owner: Any = module
        for part in path:
            owner = getattr(owner, part, None)
        found = inspect.getattr_static(owner, name, None)
        bare = getattr(found, "__func__", found)
        if not callable(bare) or inspect.isclass(bare):
            raise LookupError("is no function")
        if inspect.isasyncgenfunction(bare) or inspect.isgeneratorfunction(bare):
            raise LookupError("is a generator; name what makes a context of it")
        replacement: Any = patch.wrap(bare)
        if isinstance(found, staticmethod | classmethod):
            replacement = type(found)(replacement)
        had = name in vars(owner)
        setattr(owner, name, replacement)
        if had:
            self._undo.callback(setattr, owner, name, found)
        else:
            self._undo.callback(delattr, owner, name)

    def complain(self) -> None:
        if self._problems:
            raise TargetError(
                f"The initialiser {self._problems[0]}.",
                hint="Name a function of the app as Target.initialisers describes it.",
            )

    def undo(self) -> None:
        self._undo.close()


@final
class _Loader(Loader):
    """Loads a module as ever, and has it patched; then it is out of the way."""

    def __init__(self, inner: Any, patcher: _Patcher) -> None:
        self._inner = inner
        self._patcher = patcher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._inner.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._inner
        if module.__spec__ is not None:
            module.__spec__.loader = self._inner
        self._inner.exec_module(module)
        self._patcher.apply(module)
