"""What an app says of its tenants where it says that it is ready."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from harness.errors import TargetError
from harness.hosting.failure import one_line
from harness.model.race import Counted

if TYPE_CHECKING:
    from harness.exploring.stage import Props
    from harness.model.tenant import Tenant
    from harness.target.tools import Answer

_OK = range(200, 300)
_HINT: Final = "Return how many are ready, or the slugs of those that are, or None."
_NO_LIST: Final = (str, bytes, bytearray, Mapping)
_MOST: Final = 3


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
    try:
        told = hook(answer)
    except Exception as error:
        message = f"Target.ready_tenants raised {one_line(error)}."
        hint = "It is given each answer of 2xx; return None for one that does not say."
        raise TargetError(message, hint=hint) from error
    if told is None:
        return
    count, named = read_count(told, props.world.tenants)
    recorder.add(
        Counted("counted", recorder.now(), props.schedule, exchange, count, named)
    )


def read_count(told: object, tenants: Sequence[Tenant]) -> tuple[int, tuple[int, ...]]:
    """Return how many tenants a target's hook says are ready, and which, if it does.

    Slugs that are no tenant's of the run, such as one that the app brings along, are
    passed over, as long as not all are.

    Args:
        told: What the hook returned.
        tenants: Of the run.

    Raises:
        TargetError: It is no count of tenants.
    """
    if isinstance(told, int) and not isinstance(told, bool) and told >= 0:
        return told, ()
    if not isinstance(told, Collection) or isinstance(told, _NO_LIST):
        what = repr(told) if isinstance(told, int | float) else type(told).__name__
        message = f"Target.ready_tenants returned {what}, no count of tenants."
        raise TargetError(message, hint=_HINT)
    slugs: list[str] = []
    for one in told:
        if not isinstance(one, str):
            message = (
                f"Target.ready_tenants returned a {type(told).__name__} that holds "
                f"{type(one).__name__}, and not only slugs."
            )
            raise TargetError(message, hint=_HINT)
        slugs.append(one)
    named = tuple(one.index for one in tenants if one.slug in slugs)
    if slugs and not named:
        shown = ", ".join(map(repr, slugs[:_MOST]))
        raise TargetError(
            f"Target.ready_tenants returned {shown}, and no tenant has such a slug.",
            hint=f"{_HINT} Leave out what the app brings along.",
        )
    return len(named), named
