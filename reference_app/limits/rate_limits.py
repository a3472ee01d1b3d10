"""The buckets of one tenant: its own, and one for each member."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass

from reference_app.limits.bucket import Bucket, Clock, Standing

_MEMBERS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Rates:
    """Requests per minute: of a whole tenant, and of each of its members."""

    tenant: int
    member: int


class LimitReached(Exception):
    """There is no request left; `standing` is of the bucket that has none."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(standing)
        self.standing = standing


class RateLimits:
    """Counts one tenant's requests; no other tenant's come in.

    Those who are not logged in share one bucket, as if they were one member: they
    cannot use up what members have. A refused request takes nothing from either
    bucket, so a member who hammers on does not use up the tenant's.

    Args:
        rates: How fast the buckets fill.
        clock: Seconds that never go back.
        members_kept: Buckets of members at most; beyond them the one that has
            rested longest is given up, which has had the most time to fill.
    """

    def __init__(
        self,
        rates: Rates,
        *,
        clock: Clock = time.monotonic,
        members_kept: int = _MEMBERS_KEPT,
    ) -> None:
        self._rates = rates
        self._clock = clock
        self._kept = members_kept
        self._tenant = Bucket(rates.tenant, clock)
        self._members: OrderedDict[int | None, Bucket] = OrderedDict()

    def take(self, member_id: int | None) -> Standing:
        """Count one request of a member, or of somebody who is not logged in.

        Returns:
            How the scarcer of the two buckets stands afterwards.

        Raises:
            LimitReached: One of the buckets is empty.
        """
        member = self._member(member_id)
        buckets = (member, self._tenant)
        for bucket in buckets:
            standing = bucket.standing()
            if standing.remaining < 1:
                raise LimitReached(standing)
        for bucket in buckets:
            bucket.take()
        return self.standing(member_id)

    def standing(self, member_id: int | None) -> Standing:
        """Return how the scarcer of the tenant's and a member's bucket stands."""
        both = (self._member(member_id).standing(), self._tenant.standing())
        return min(both, key=lambda standing: standing.remaining)

    def is_untouched(self) -> bool:
        """Tell whether all buckets are full, so that nothing is lost with them."""
        buckets = (self._tenant, *self._members.values())
        return all(bucket.is_full() for bucket in buckets)

    def _member(self, member_id: int | None) -> Bucket:
        bucket = self._members.get(member_id)
        if bucket is None:
            bucket = self._members[member_id] = Bucket(self._rates.member, self._clock)
            if len(self._members) > self._kept:
                self._members.popitem(last=False)
        self._members.move_to_end(member_id)
        return bucket
