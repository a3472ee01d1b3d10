"""The watch: looks at each answer for what belongs to another tenant."""

from __future__ import annotations

import re
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
"""Of so many answers of an operation to a tenant one is looked at closely, the first
among them."""
REMEMBERED: Final = 16_000_000
"""Most bytes of answers that are remembered, so that nobody looks at them twice."""
_ENTRY: Final = 250
"""Bytes that it takes to remember an answer, beside its body."""
_PREFIX: Final = PREFIX.encode()
_TOKEN: Final = re.compile(rb"%b[a-z]{%d}" % (_PREFIX, TOKEN_LETTERS))


@final
class Watch:
    """Looks at answers, most of them in a microsecond.

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
        self._known = {one.index: _Known(one) for one in tenants}
        self._remembered = 0

    def foreign(
        self, tenant: int, prepared: Prepared, path: str, reply: Reply
    ) -> tuple[Found, ...]:
        """Return what an answer holds of others; nearly always nothing.

        Args:
            tenant: Who gets the answer.
            prepared: What it answers.
            path: What it answers, with all that was filled in.
            reply: The answer.
        """
        # Every answer comes by here, under load: what can be left out is.
        known, body = self._known[tenant], reply.body
        seen = known.seen
        count = seen[prepared.operation] = seen.get(prepared.operation, -1) + 1
        suspect = not count % CLOSELY
        # Much is answered again and again; to compare is the least that can be done.
        if _PREFIX in body and known.clean.get(path) != body:
            if self._suspect(known, body):
                suspect = True
            else:
                self._remember(known, path, body)
        for entry in reply.fields:
            # A pair of name and value, or a list of them if there were several.
            if PREFIX in (entry[1] if type(entry) is tuple else str(entry)):
                suspect = suspect or self._suspects_header(known, reply)
                break
        if not suspect:
            return ()
        channel = Channel.ERROR if reply.status >= 400 else prepared.channel
        found = tuple(self._found(known, channel, reply))
        if not found:
            self._remember(known, path, body)
        return found

    def sights(self, tenant: int, body: bytes) -> bool:
        """Whether a tenant's own data, beyond its name, come in an answer."""
        if _PREFIX not in body:
            return False
        known = self._known[tenant]
        self._suspect(known, body)
        return not known.data.isdisjoint(_TOKEN.findall(body))

    @property
    def remembered(self) -> int:
        """How many bytes the remembered answers take, at most."""
        return self._remembered

    def _remember(self, known: _Known, path: str, body: bytes) -> None:
        """Note that an answer holds nothing of others."""
        if self._remembered > REMEMBERED:
            self._remembered = 0
            for one in self._known.values():
                one.clean.clear()
        # Replaced answers are counted as if they stayed: too often cleared is fine.
        self._remembered += len(body) + _ENTRY
        known.clean[path] = body

    def _suspect(self, known: _Known, data: bytes) -> bool:
        """Whether there is a token that is not known to be the tenant's own."""
        tokens = _TOKEN.findall(data)
        if known.own.issuperset(tokens):
            return False
        return any(self._is_foreign(known, one) for one in {*tokens} - known.own)

    def _suspects_header(self, known: _Known, reply: Reply) -> bool:
        values = (value.encode("latin-1", "replace") for _, value in reply.headers())
        return any(self._suspect(known, value) for value in values)

    def _is_foreign(self, known: _Known, token: bytes) -> bool:
        hits = self._scanner.literal(token)
        if hits and not known.others(hits[0]):
            known.own.add(token)
            if hits[0].field >= FIRST_PLANTED_FIELD:
                known.data.add(token)
            return False
        # What is no token may hide the beginning of one.
        return True

    def _found(self, known: _Known, channel: Channel, reply: Reply) -> Iterable[Found]:
        body = reply.body
        if _PREFIX in body:
            for token in known.own:
                # What is known to be one's own takes the scanner longest.
                body = body.replace(token, b" ")
        for hit in self._scanner.scan(body):
            if known.others(hit):
                yield Found(channel, "", hit)
        for name, value in reply.headers():
            if PREFIX in value.lower():
                for hit in self._scanner.scan_text(value):
                    if known.others(hit):
                        yield Found(Channel.HEADER, name.lower(), hit)


@final
class _Known:
    """What is known of the answers to a tenant.

    Attributes:
        own: Tokens that it may see.
        data: Those that say more than its name.
        clean: The last answer to a path that held nothing of others.
        seen: How many answers there were after the first, by operation.
    """

    __slots__ = ("_index", "_told", "clean", "data", "own", "seen")

    def __init__(self, tenant: Tenant) -> None:
        self._index = tenant.index
        self._told = tenant.knows
        self.own: set[bytes] = set()
        self.data: set[bytes] = set()
        self.clean: dict[str, bytes] = {}
        self.seen: dict[str, int] = {}

    def others(self, hit: Hit) -> bool:
        """Whether a canary is one that the tenant must not see."""
        own = hit.owner == self._index or (hit.owner, hit.field) in self._told
        return not own and hit.owner < FIRST_NOBODY
