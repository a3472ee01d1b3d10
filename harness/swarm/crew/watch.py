"""The watch: looks at each answer for what belongs to another tenant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, final

from harness.model.canary import FIRST_PLANTED_FIELD, PREFIX, TOKEN_LETTERS, CanaryKey
from harness.model.event import Channel, Found
from harness.model.scanner import Scanner
from harness.model.tenant import FIRST_NOBODY

if TYPE_CHECKING:
    from harness.model.prepared import Prepared
    from harness.model.scanner import Hit
    from harness.model.tenant import Tenant
    from harness.swarm.crew.reply import Reply

CLOSELY: Final = 64
"""Of so many answers to an operation one is looked at closely, the first among them."""
REMEMBERED: Final = 64
"""Answers to a tenant that are known again, so that nobody looks at them twice."""
_PREFIX: Final = PREFIX.encode()
_TOKEN: Final = re.compile(rb"%b[a-z]{%d}" % (_PREFIX, TOKEN_LETTERS))


@final
class Watch:
    """Looks at answers, most of them in a microsecond or two.

    Every answer is searched for whole tokens as they were minted, in its body and in
    its headers. One in `CLOSELY` is also searched for tokens that were encoded on the
    way (case, escapes, hex, base64) and for UUIDs. Cut-off tokens, integers and
    digests, which prove little by themselves, are left to the isolation exercise.

    Args:
        key: Of the canaries.
        tenants: All of them.
    """

    def __init__(self, key: CanaryKey, tenants: Sequence[Tenant]) -> None:
        self._scanner = Scanner(key)
        self._own: dict[int, set[bytes]] = {one.index: set() for one in tenants}
        self._data: dict[int, set[bytes]] = {one.index: set() for one in tenants}
        self._clean: dict[int, set[int]] = {one.index: set() for one in tenants}
        self._knows = {one.index: one.knows for one in tenants}
        self._seen: Counter[str] = Counter()

    def foreign(
        self, tenant: int, prepared: Prepared, reply: Reply
    ) -> tuple[Found, ...]:
        """Return what an answer holds of others; nearly always nothing.

        Args:
            tenant: Who gets the answer.
            prepared: What it answers.
            reply: The answer.
        """
        operation, body = prepared.operation, reply.body
        seen = self._seen[operation]
        self._seen[operation] = seen + 1
        closely = seen % CLOSELY == 0
        suspect = closely or self._suspect(tenant, body)
        if not suspect and reply.mentions(PREFIX):
            values = (value.encode("latin-1") for _, value in reply.headers())
            suspect = any(self._suspect(tenant, value) for value in values)
        if not suspect:
            return ()
        channel = Channel.ERROR if reply.status >= 400 else prepared.channel
        return tuple(self._found(tenant, channel, reply))

    def sights(self, tenant: int, body: bytes) -> bool:
        """Whether a tenant's own data, beyond its name, come in an answer."""
        if _PREFIX not in body:
            return False
        self._suspect(tenant, body)
        return not self._data[tenant].isdisjoint(_TOKEN.findall(body))

    def _suspect(self, tenant: int, data: bytes) -> bool:
        """Whether there is a token that is not known to be the tenant's own."""
        if _PREFIX not in data:
            return False
        # Much is answered again and again; this hash is keyed, and as good as new.
        digest, clean = hash(data), self._clean[tenant]
        if digest in clean:
            return False
        unknown = set(_TOKEN.findall(data)) - self._own[tenant]
        if unknown and any(self._is_foreign(tenant, one) for one in unknown):
            return True
        if len(clean) >= REMEMBERED:
            clean.clear()
        clean.add(digest)
        return False

    def _is_foreign(self, tenant: int, token: bytes) -> bool:
        hits = self._scanner.literal(token)
        if hits and not self._is_others(tenant, hits[0]):
            self._own[tenant].add(token)
            if hits[0].field >= FIRST_PLANTED_FIELD:
                self._data[tenant].add(token)
            return False
        # What is no token may hide the beginning of one.
        return True

    def _is_others(self, tenant: int, hit: Hit) -> bool:
        known = self._knows[tenant]
        own = hit.owner == tenant or (hit.owner, hit.field) in known
        return not own and hit.owner < FIRST_NOBODY

    def _found(self, tenant: int, channel: Channel, reply: Reply) -> Iterable[Found]:
        body = reply.body
        for token in self._own[tenant]:
            # What is known to be one's own takes the scanner longest.
            body = body.replace(token, b" ")
        for hit in self._scanner.scan(body):
            if self._is_others(tenant, hit):
                yield Found(channel, "", hit)
        for name, value in reply.headers():
            if PREFIX in value.lower():
                for hit in self._scanner.scan_text(value):
                    if self._is_others(tenant, hit):
                        yield Found(Channel.HEADER, name.lower(), hit)
