"""What a test runs: a mutant, and beside it the app that does the same rightly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

import pytest

from reference_app.mutants.catalogue import CHANNELS, FURTHER, MUTANTS, RACES, Mutant
from tests.reference_app.running import RunningApp
from tests.reference_app.serving import ServedApp

APP = "reference_app.main:create_app"


@dataclass(frozen=True, slots=True)
class Variant:
    """A factory and its environment; `leaks` is what the test expects of it."""

    app: str
    leaks: bool
    environment: Mapping[str, str] = field(default_factory=dict)

    def having(self, **settings: str) -> Variant:
        """Return it with more of the app's settings, called as they are there."""
        more = {
            f"REFERENCE_APP_{name}".upper(): text for name, text in settings.items()
        }
        return replace(self, environment={**self.environment, **more})


Serve = Callable[[Variant], AbstractAsyncContextManager[RunningApp]]
ServeOnSocket = Callable[[Variant], AbstractAsyncContextManager[ServedApp]]


def find(name: str) -> Mutant:
    """Return what the catalogue has under a name."""
    listed = (*MUTANTS, *FURTHER, *CHANNELS, *RACES)
    (found,) = [one for one in listed if one.name == name]
    return found


def beside(mutant: str, correct: str | None = None) -> pytest.MarkDecorator:
    """Run a test on a mutant and on its correct form, in the same environment.

    Args:
        mutant: Name of the one with the bug.
        correct: Name of the same carrier without it; the app itself if None.
    """
    bug = find(mutant)
    right = find(correct).app if correct else APP
    assert not bug.harmless
    return pytest.mark.parametrize(
        "variant",
        [
            pytest.param(Variant(bug.app, True, bug.environment), id=mutant),
            pytest.param(
                Variant(right, False, bug.environment), id=correct or "correct"
            ),
        ],
    )


def harmless(name: str) -> Variant:
    """Return the variant of a harmless one."""
    found = find(name)
    assert found.harmless
    return Variant(found.app, False, found.environment)
