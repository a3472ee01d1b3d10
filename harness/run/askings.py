"""What tenants ask for where a scenario leaves that open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import Inconclusive
from harness.model.canary import FIRST_PLANTED_FIELD
from harness.model.event import Exchange
from harness.model.step import Principal, Role, Step
from harness.provisioning.stage import simple_readings, simple_writings

if TYPE_CHECKING:
    from harness.provisioning.driver import Driver
    from harness.provisioning.stage import Scene, Stage
    from harness.target.operation import Operation


@dataclass(frozen=True, slots=True)
class Askings:
    """What works for any tenant and needs no object, by its keys.

    Attributes:
        reads: Readings; those that show a tenant what it wrote come first, and then
            those that show who it is: that may be all right in an answer of which the
            rest is another's.
        writes: What changes something, and works any number of times.
    """

    reads: tuple[str, ...]
    writes: tuple[str, ...]


async def askings(scene: Scene, stage: Stage) -> Askings:
    """Try what a tenant can ask for without naming an object.

    Raises:
        Inconclusive: No reading works.
    """
    mark = scene.recorder.mark
    async with scene.host() as hosted:
        driver = scene.driver(scene.client(hosted), stage.catalogue, stage.world)
        shown: dict[str, int] = {}
        for operation in simple_readings(driver):
            made = await _asked(driver, operation)
            if made is not None:
                own = {one.hit.field for one in made.found if one.hit.owner == 0}
                shown[operation.key] = max(map(_weight, own), default=0)
        writes = [
            operation.key
            for operation in simple_writings(driver)
            if await _repeats(driver, operation)
        ]
    scene.recorder.forget(mark)
    if not shown:
        raise Inconclusive(
            "Nothing was found that a tenant can read without naming an object.",
            hint="Races need a GET that works for each tenant.",
        )
    # Sorting is stable: otherwise they stay in the order of the document.
    reads = sorted(shown, key=lambda key: -shown[key])
    return Askings(tuple(reads), tuple(writes))


def _weight(field: int) -> int:
    """Return 2 for what a tenant wrote itself, 1 for what says who it is."""
    return 2 if field >= FIRST_PLANTED_FIELD else 1


async def _repeats(driver: Driver, operation: Operation) -> bool:
    """Whether it can be asked again and again, with the same outcome each time.

    Else who comes second would be refused, and that is no matter of a race.
    """
    statuses = set()
    for _ in range(2):
        made = await _asked(driver, operation)
        if made is None:
            return False
        statuses.add(made.status)
    return len(statuses) == 1


async def _asked(driver: Driver, operation: Operation) -> Exchange | None:
    step = Step(operation.key, Principal(0, 0), 0, Role.CONTROL)
    made = await driver.make(step)
    works = isinstance(made, Exchange) and made.succeeded and not made.endless
    return made if works and isinstance(made, Exchange) else None
