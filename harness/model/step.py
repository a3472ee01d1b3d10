"""A step: one request that an exercise makes, as data that can be replayed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.model.tenant import FIRST_NOBODY, alias


class Role(StrEnum):
    """Why a request was made."""

    PROVISION = "provision"
    LOGIN = "login"
    SEED = "seed"
    CONTROL = "control"
    PROBE = "probe"
    REREAD = "reread"
    LOAD = "load"
    DROUGHT = "drought"


@dataclass(frozen=True, slots=True)
class Principal:
    """In whose name a request is made: the two halves of an identity.

    Attributes:
        credential: Index of the tenant whose credential is sent, if any.
        selector: Index of the tenant that is selected (Host, header, path
            prefix), if any.
        door: Index of the tenant at whose door the credential's user logged in,
            where that is not its own.
    """

    credential: int | None
    selector: int | None
    door: int | None = None

    @property
    def whole(self) -> bool:
        """Whether both halves belong to the same tenant."""
        own = self.credential is not None and self.credential == self.selector
        return own and self.door is None

    def __str__(self) -> str:
        if self.whole:
            return alias(self.credential)
        if self.door is not None:
            return f"{alias(self.credential)}, logged in at {alias(self.door)}'s door"
        credential = "no" if self.credential is None else f"{alias(self.credential)}'s"
        selector = (
            "no tenant selected"
            if self.selector is None
            else f"{alias(self.selector)} selected"
        )
        return f"{credential} credential with {selector}"


@dataclass(frozen=True, slots=True)
class Step:
    """One request of an exercise; a list of them is a script.

    Attributes:
        operation: Key of the operation, ``"GET /documents/{document_id}"``.
        principal: In whose name.
        owner: Whose objects fill path and body; None where none are needed.
        role: CONTROL (the owner itself), PROBE (anybody else) or DROUGHT (the owner
            itself, while a key is used up).
        case: Which of the operation's pooled request variants, from 0; from their
            number on, the same once more with natural keys (names, titles, e-mail
            addresses) that are the same in every tenant.
        pick: Which of the owner's objects, newest first, modulo their number; -1
            is the oldest.
        starved: Tenant whose key at the model provider is used up meanwhile; a
            stranger's is a key that nobody uses.
        above: How many of the path's keys, the outermost first, are those of the
            credential's own objects instead of the owner's: one's own parent, and
            another's child.
        chosen: Which value of a closed set the body carries, ``'body.state="late"'``;
            "" for what the variant has.
    """

    operation: str
    principal: Principal
    owner: int | None
    role: Role
    case: int = 0
    pick: int = 0
    starved: int | None = None
    above: int = 0
    chosen: str = ""

    def __str__(self) -> str:
        named = self.owner is not None and "{" in self.operation
        whose = f" on {alias(self.owner)}'s object" if named else ""
        if self.above:
            whose += f" below {alias(self.principal.credential)}'s own"
        chosen = f" with {self.chosen}" if self.chosen else ""
        return f"{self.principal}: {self.operation}{whose}{chosen}{self._while}"

    @property
    def _while(self) -> str:
        if self.starved is None:
            return ""
        nobodys = self.starved >= FIRST_NOBODY
        whose = "a key that nobody uses" if nobodys else f"{alias(self.starved)}'s key"
        return f", while {whose} is used up"
