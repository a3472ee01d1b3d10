"""The buckets of one tenant: its own, and one for each member."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass

from reference_app.limits.bucket import Bucket, Clock, Standing, Use

WHOLE = "tenant"
"""What the bucket of a whole tenant is called where buckets are written."""
_NOBODY = "nobody"
Members = MutableMapping[int | None, Bucket]


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
        members: Where the buckets of members are kept, by the number of the member.
    """

    def __init__(
        self,
        rates: Rates,
        *,
        clock: Clock = time.monotonic,
        members: Members | None = None,
    ) -> None:
        self._rates = rates
        self._clock = clock
        self._tenant = Bucket(rates.tenant, clock)
        self._members: Members = {} if members is None else members

    def load(self, full_in: Mapping[str, float]) -> None:
        """Fill new buckets only as far as they were written to be.

        Args:
            full_in: Seconds until each is full again, by its name.
        """
        for name, seconds in full_in.items():
            self._named(name).owe(seconds)

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

    def unwritten(self) -> Mapping[str, Use]:
        """Return what was taken from each bucket and not yet written, by its name."""
        uses = {name: bucket.unwritten() for name, bucket in self._all()}
        return {name: use for name, use in uses.items() if use.requests > 0}

    def written(self, name: str, use: Use, full_in: float) -> None:
        """Take note that a use was written, and when that bucket is full by now."""
        self._named(name).written(use, full_in)

    def forget_full(self) -> None:
        """Give up the buckets of members that a new one would be the same as."""
        full = [number for number, one in self._members.items() if one.is_full()]
        for number in full:
            del self._members[number]

    def _all(self) -> Iterator[tuple[str, Bucket]]:
        yield WHOLE, self._tenant
        for number, bucket in self._members.items():
            yield _NOBODY if number is None else str(number), bucket

    def _named(self, name: str) -> Bucket:
        if name == WHOLE:
            return self._tenant
        return self._member(None if name == _NOBODY else int(name))

    def _member(self, member_id: int | None) -> Bucket:
        bucket = self._members.get(member_id)
        if bucket is None:
            bucket = self._members[member_id] = Bucket(self._rates.member, self._clock)
        return bucket
