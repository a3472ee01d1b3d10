"""The seeded races and what only looks like one, by name."""

from __future__ import annotations

from collections.abc import Mapping

from reference_app.mutants.mutant import Mutant

_RACES = "reference_app.mutants.races."
_HARMLESS = "reference_app.mutants.equivalents."
_FACTORY = ":create_app"

_FIRST_USE = {"REFERENCE_APP_STRATEGY": "lazy"}
"""Tenants are opened by their requests, not by start-up before there are any."""

_SHORT_REST = {"REFERENCE_APP_RETRY_AFTER": "1"}
"""A tenant that has failed is tried again soon."""

_ONE_PERMIT = {"REFERENCE_APP_START_CONCURRENCY": "1"}

_EVICTING = {
    "REFERENCE_APP_IDLE_TIMEOUT": "0.001",
    "REFERENCE_APP_HOUSEKEEPING_INTERVAL": "1",
}
"""Who is not in use when housekeeping comes round is closed."""

_ONE_POOL = {
    "REFERENCE_APP_CONNECTION_BUDGET": "4",
    "REFERENCE_APP_TENANT_POOL_MAX": "4",
}
"""Two tenants take turns at the only pool that fits the budget."""

_REMEMBERING = {"REFERENCE_APP_CACHE_LIFETIME": "60"}
"""What was put back stays, whenever somebody looks."""

_FORGETTING = {"REFERENCE_APP_CACHE_LIFETIME": "0"}
"""Nothing is remembered, so that each request loads it."""


_SHOWN_BY: Mapping[str, str] = {
    "set-after-opening": "idle_and_used",
    "lock-let-go": "idle_and_used",
    "second-check-missing": "idle_and_used",
    "one-lock-for-all": "first_use_fails",
    "half-open-published": "cold_stampede",
    "left-by-the-cancelled": "client_leaves",
    "failure-kept": "first_use_fails",
    "task-not-shielded": "client_leaves",
    "permit-not-given-back": "client_leaves",
    "told-before-stored": "idle_and_used",
    "ready-before-the-last": "asked_when_ready",
    "reload-leaks-old": "reloaded_in_use",
    "forgotten-before-closed": "idle_and_used",
    "closed-once": "offboarded_in_use",
    "used-pool-cut-off": "idle_and_used",
    "pool-opened-twice": "rotated_in_use",
    "pools-of-a-failed-start": "start_fails",
    "current-tenant-of-all": "cold_tenants",
    "older-flags-put-back": "flags_written",
    "old-key-put-back": "keys_replaced",
    "moved-domain-put-back": "domain_taken_away",
    "jobs-outlive-tenants": "noted_before_the_end",
    "winner-removed": "onboarded_in_two_processes",
}
"""A scenario that shows each bug soon; the others are explored after it."""


def _bug(name: str, summary: str, *environments: Mapping[str, str]) -> Mutant:
    """Return a bug whose file is called like it."""
    app, scenarios = _RACES + name.replace("-", "_") + _FACTORY, (_SHOWN_BY[name],)
    return Mutant(
        name, app, False, summary, _together(environments), scenarios=scenarios
    )


def _twin(name: str, summary: str, *environments: Mapping[str, str]) -> Mutant:
    """Return a look-alike whose file is called like it."""
    app = _HARMLESS + name.replace("-", "_") + _FACTORY
    return Mutant(name, app, True, summary, _together(environments))


def _together(environments: tuple[Mapping[str, str], ...]) -> dict[str, str]:
    return {name: value for one in environments for name, value in one.items()}


RACES: tuple[Mutant, ...] = (
    _bug(
        "set-after-opening",
        "a tenant is noted down once it is open: two first requests open it twice",
        _FIRST_USE,
    ),
    _bug(
        "lock-let-go",
        "the lock is let go between look and opening: two first requests open it twice",
        _FIRST_USE,
    ),
    _bug(
        "second-check-missing",
        "who has waited for the lock opens the tenant again, without another look",
        _FIRST_USE,
    ),
    _bug(
        "one-lock-for-all",
        "all tenants wait for one lock: one that hangs has the others refused",
        _FIRST_USE,
    ),
    _bug(
        "half-open-published",
        "an entry is used that is not open yet: the second first request fails",
        _FIRST_USE,
    ),
    _bug(
        "left-by-the-cancelled",
        "the first who asks leaves, and all others wait for its future for ever",
        _FIRST_USE,
    ),
    _bug(
        "failure-kept",
        "the future of a failed opening is kept: the tenant is never tried again",
        _FIRST_USE,
        _SHORT_REST,
    ),
    _bug(
        "task-not-shielded",
        "who leaves cancels the opening that others wait for, and them with it",
        _FIRST_USE,
    ),
    _bug(
        "permit-not-given-back",
        "who leaves during an opening keeps the permit: in the end nobody opens",
        _FIRST_USE,
        _ONE_PERMIT,
    ),
    _bug(
        "told-before-stored",
        "those who wait are told before the entry is there, and are refused",
        _FIRST_USE,
    ),
    _bug(
        "ready-before-the-last",
        "readiness counts a tenant that is still opening, and that is refused",
    ),
    _bug(
        "reload-leaks-old",
        "what is in use when its tenant's key is replaced stays open, also at the end",
    ),
    _bug(
        "forgotten-before-closed",
        "a tenant is forgotten and then closed: who comes meanwhile opens a second",
        _EVICTING,
    ),
    _bug(
        "closed-once",
        "a request opens a tenant that leaves once more, and it stays open",
        _FIRST_USE,
    ),
    _bug(
        "used-pool-cut-off",
        "the pool that makes room for another is cut off while a request uses it",
        _FIRST_USE,
        _ONE_POOL,
    ),
    _bug(
        "pool-opened-twice",
        "two find a tenant without a pool, and one pool is closed by nobody",
        _FIRST_USE,
        _ONE_POOL,
    ),
    _bug(
        "pools-of-a-failed-start",
        "a start that fails or is cancelled leaves the pools that it had opened",
        {"REFERENCE_APP_POLICY": "strict"},
    ),
    _bug(
        "current-tenant-of-all",
        "whose a session is stands in a global, which another request has set since",
        _FIRST_USE,
    ),
    _bug(
        "older-flags-put-back",
        "flags that were read before a write are remembered after it",
        _REMEMBERING,
    ),
    _bug(
        "old-key-put-back",
        "a key that was read before its rotation stays good after it",
        _REMEMBERING,
    ),
    _bug(
        "moved-domain-put-back",
        "a domain that was looked up before it moved leads to its former tenant",
        _REMEMBERING,
    ),
    _bug(
        "jobs-outlive-tenants",
        "at the end tenants are closed before the work on them: what it notes is lost",
    ),
    _bug(
        "winner-removed",
        "two onboard one tenant: the loser cleans up, and removes what the winner made",
    ),
    _twin(
        "lock-per-tenant",
        "look, opening and entry are one step under a lock of the tenant's",
        _FIRST_USE,
    ),
    _twin(
        "second-check",
        "a look without the lock, and a second look under it",
        _FIRST_USE,
    ),
    _twin(
        "single-flight",
        "a future for all who ask; the next takes over when the first one leaves",
        _FIRST_USE,
        _SHORT_REST,
    ),
    _twin(
        "shielded-task",
        "a task for all who ask, each of whom waits for it behind a shield",
        _FIRST_USE,
    ),
    _twin(
        "group-per-tenant",
        "a task group opens each tenant and uses its store beside the first request",
        _FIRST_USE,
    ),
    _twin(
        "flags-loaded-twice",
        "flags may be loaded twice at once, which is allowed; none older is remembered",
        _REMEMBERING,
    ),
    _twin(
        "configuration-loaded-twice",
        "a configuration may be loaded twice at once, as the target declares",
        _FORGETTING,
    ),
    _twin(
        "few-pools",
        "a pool makes room for another, but only one that nobody uses",
        _FIRST_USE,
        _ONE_POOL,
    ),
)
"""What only an order of events shows; `harness races --variant` tries them."""
