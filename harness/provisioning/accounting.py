"""Accounting: what each tenant owns after what was done in its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model.step import Step
    from harness.provisioning.belongings import Belongings, Keys
    from harness.provisioning.client import Reply
    from harness.provisioning.ripening import Ripening
    from harness.target.operation import Operation
    from harness.target.resources import Resources
    from harness.target.tools import Answer


@final
class Accounts:
    """Keeps the books of one running app.

    Args:
        resources: How the operations hang together.
        belongings: What each tenant owns; is kept up to date.
        ripening: Learns of new objects.
    """

    def __init__(
        self, resources: Resources, belongings: Belongings, ripening: Ripening
    ) -> None:
        self._resources = resources
        self._belongings = belongings
        self._ripening = ripening

    def account(
        self,
        operation: Operation,
        keys: Keys,
        step: Step,
        values: Mapping[str, str],
        reply: Reply,
    ) -> Keys:
        """Note what was made, listed or deleted in its owner's name.

        Args:
            operation: What was done.
            keys: Of the object in the path.
            step: In whose name.
            values: Of the path parameters.
            reply: What came of it.

        Returns:
            The keys of an object that was made; none if none was.
        """
        own = step.principal.credential
        if own is None or not step.principal.whole or not reply.exchange.succeeded:
            return ()
        if keys and step.owner != own:
            return ()  # it lies among another's objects, and is lost with them
        resources = self._resources
        if operation.method == "DELETE":
            needs = resources.needs(operation)
            if keys and resources.item(operation) == needs[-1]:
                self._belongings.remove(own, needs[-1], keys)
            return ()
        made = resources.yields(operation)
        kind = made or resources.lists(operation)
        found = self.object_keys(operation, values, reply.answer) if kind else []
        for one in found:
            self._belongings.add(own, kind, one)
            if made:
                status = reply.answer.status
                self._ripening.born(own, kind, one, status=status)
        return found[0] if made and found else ()

    def object_keys(
        self, operation: Operation, values: Mapping[str, str], answer: Answer
    ) -> list[Keys]:
        """Return the keys of each object that an answer created or listed."""
        try:
            body = answer.json()
        except ValueError:
            body = None
        return self._resources.object_keys(
            operation,
            values,
            status=answer.status,
            headers=answer.headers,
            body=body,
        )
