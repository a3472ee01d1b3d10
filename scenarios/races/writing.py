"""Scenarios of writing: something is read while it is replaced, and once more."""

from __future__ import annotations

from harness.exploring.scenario import scenario
from harness.exploring.stage import Stage

LAZY = ("lazy", "on first use")
OLD = 90.0
"""Seconds after which what is remembered for a minute is looked up again."""


async def _read_while_written(stage: Stage, subject: str) -> None:
    one = stage.tenant(0)
    await one.sees(subject)
    await stage.sleep(OLD)
    await stage.gather(one.sees(subject), one.writes(subject, 1), one.sees(subject))
    await one.sees(subject)


@scenario(strategies=LAZY, generations=("flags",))
async def flags_written(stage: Stage) -> None:
    """A tenant's flags are read while they are written."""
    await _read_while_written(stage, "flags")


@scenario(strategies=LAZY, generations=("configuration",))
async def configuration_written(stage: Stage) -> None:
    """A tenant's configuration is read while it is written."""
    await _read_while_written(stage, "configuration")


@scenario(strategies=LAZY, generations=("keys",))
async def keys_replaced(stage: Stage) -> None:
    """A tenant's credentials are checked while its keys are replaced."""
    await _read_while_written(stage, "keys")


@scenario(strategies=LAZY, generations=("domain",))
async def domain_taken_away(stage: Stage) -> None:
    """A domain is looked up while it is taken away from its tenant."""
    one = stage.tenant(0)
    await one.writes("domain", 1)
    await one.sees("domain")
    await stage.sleep(OLD)
    await stage.gather(one.sees("domain"), one.writes("domain", 2))
    await one.sees("domain")
