"""What an app says of its tenants where it says that it is ready."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from harness.errors import TargetError
from harness.hosting.failure import one_line
from harness.model.race import Counted

if TYPE_CHECKING:
    from harness.exploring.stage import Props
    from harness.target.tools import Answer

_OK = range(200, 300)


def note_counted(props: Props, exchange: int, answer: Answer) -> None:
    """Note which tenants an answer counts that says yes, as far as it tells.

    Args:
        props: Where it was asked.
        exchange: Of the request.
        answer: Of the path that the target names.

    Raises:
        TargetError: The target's hook raised, or returned what is no count.
    """
    target, recorder = props.scene.target, props.scene.recorder
    hook = target.ready_tenants
    if hook is None or answer.status not in _OK:
        return
    hint = "It is given each answer of 2xx; return None for one that does not say."
    try:
        told = hook(answer)
    except Exception as error:
        message = f"Target.ready_tenants raised {one_line(error)}."
        raise TargetError(message, hint=hint) from error
    if told is None:
        return
    named: tuple[int, ...] = ()
    if isinstance(told, Collection) and not isinstance(told, str):
        slugs = set(told)
        named = tuple(one.index for one in props.world.tenants if one.slug in slugs)
        count = len(slugs)
    elif isinstance(told, int) and not isinstance(told, bool) and told >= 0:
        count = told
    else:
        message = f"Target.ready_tenants returned {told!r}, no count of tenants."
        raise TargetError(message, hint=hint)
    recorder.add(
        Counted("counted", recorder.now(), props.schedule, exchange, count, named)
    )
