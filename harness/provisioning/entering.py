"""Entering: what authenticates somebody, kept good."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, final

from harness.errors import ProvisioningError
from harness.model.event import Unseen
from harness.model.tenant import alias
from harness.model.world import Access
from harness.provisioning.composing import Impossible

if TYPE_CHECKING:
    from harness.model.step import Principal
    from harness.provisioning.driver import Cast
    from harness.recording.recorder import Recorder

MARGIN: Final = 5.0
"""Seconds before its end at which a credential is renewed."""


@final
class Entrance:
    """Lets those who take part in.

    Args:
        cast: Who takes part; its credentials are renewed in place.
        recorder: Learns who could not log in again.
    """

    def __init__(self, cast: Cast, recorder: Recorder) -> None:
        self._cast = cast
        self._recorder = recorder
        self._doors: dict[Principal, Access | None] = {}
        self._shut_out: set[int] = set()

    async def enter(self, principal: Principal) -> Access | Impossible:
        """Return what authenticates somebody; renewed if it is about to expire."""
        tenant = principal.credential
        if tenant is None:
            return Access()
        if principal.door is not None:
            return await self._borrowed(principal, tenant, principal.door)
        expires = self._cast.credentials[tenant].expires_at
        if expires and time.time() > expires - MARGIN:
            await self.renew(tenant)
        return self._cast.credentials[tenant]

    async def renew(self, tenant: int) -> bool:
        """Log a tenant in again; a run that goes on without it says so."""
        if tenant in self._shut_out:
            return False
        try:
            self._cast.credentials[tenant] = await self._cast.renew(tenant)
        except ProvisioningError as error:
            self._shut_out.add(tenant)
            step = f"log in tenant {alias(tenant)} again"
            self._recorder.add(Unseen("unseen", step, error.message))
            return False
        return True

    async def _borrowed(
        self, principal: Principal, tenant: int, door: int
    ) -> Access | Impossible:
        if principal not in self._doors:
            try:
                self._doors[principal] = await self._cast.borrow(tenant, door)
            except ProvisioningError:
                self._doors[principal] = None
        return self._doors[principal] or Impossible("cannot log in at that door")
