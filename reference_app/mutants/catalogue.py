"""The seeded bugs and their harmless look-alikes, by name."""

from __future__ import annotations

from collections.abc import Mapping

from reference_app.mutants.mutant import Mutant
from reference_app.mutants.races.catalogue import RACES

__all__ = ["CHANNELS", "FURTHER", "MUTANTS", "RACES", "STARTUP", "Mutant"]

_BUG = "reference_app.mutants."
_HARMLESS = "reference_app.mutants.equivalents."
_FURTHER = "reference_app.mutants.further."
_CHANNELS = "reference_app.mutants.channels."
_STARTUP = "reference_app.mutants.startup."
_FACTORY = ":create_app"

_CACHING = {"REFERENCE_APP_CACHE_LIFETIME": "60"}
"""Whether a cache is wrong must not hang on how fast somebody looks."""

_NOT_CACHING = {"REFERENCE_APP_CACHE_LIFETIME": "0"}
"""For a wrong write that a right cache would hide for a moment."""

_OVERLAP = "two requests have to be under way at once"
_OPERATOR = "the operator has to change something between two requests"
_NO_DATA = "only a number, a status or a signature of the other tenant's comes out"
"""Why no detector sees a bug yet."""


def _channel(
    name: str,
    summary: str,
    *,
    environment: Mapping[str, str] | None = None,
    beyond: str = "",
) -> Mutant:
    """Return a bug whose file is called like it."""
    app = _CHANNELS + name.replace("-", "_") + _FACTORY
    return Mutant(name, app, False, summary, environment or {}, beyond=beyond)


def _harmless(name: str, summary: str) -> Mutant:
    """Return a look-alike whose file is called like it."""
    app = _HARMLESS + name.replace("-", "_") + _FACTORY
    return Mutant(name, app, True, summary)


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "read-without-tenant",
        _BUG + "read_without_tenant" + _FACTORY,
        harmless=False,
        summary="shared tables: a document is read by its id alone",
    ),
    Mutant(
        "update-without-tenant",
        _BUG + "update_without_tenant" + _FACTORY,
        harmless=False,
        summary="shared tables: a document is replaced by its id alone",
    ),
    Mutant(
        "delete-without-tenant",
        _BUG + "delete_without_tenant" + _FACTORY,
        harmless=False,
        summary="shared tables: a document is removed by its id alone",
    ),
    Mutant(
        "response-cache-by-url",
        _BUG + "response_cache_by_url" + _FACTORY,
        harmless=False,
        summary="answers are remembered by path and query, without the tenant",
        environment=_CACHING,
    ),
    Mutant(
        "configuration-cache-without-tenant",
        _BUG + "configuration_cache_without_tenant" + _FACTORY,
        harmless=False,
        summary="one tenant's configuration is remembered for all",
        environment=_CACHING,
    ),
    Mutant(
        "foreign-token-accepted",
        _BUG + "foreign_token_accepted" + _FACTORY,
        harmless=False,
        summary="a token is verified for the tenant that it names itself",
    ),
    Mutant(
        "search-path-from-name",
        _BUG + "search_path_from_name" + _FACTORY,
        harmless=False,
        summary='one pool: the name, unescaped, is put into SET search_path TO "…"',
    ),
    Mutant(
        "shared-tables",
        _HARMLESS + "shared_tables" + _FACTORY,
        harmless=True,
        summary="all tenants in the same tables, told apart by a column",
    ),
    Mutant(
        "one-pool",
        _HARMLESS + "one_pool" + _FACTORY,
        harmless=True,
        summary="a schema per tenant over one pool that reaches every schema",
    ),
    Mutant(
        "shared-pool",
        _HARMLESS + "shared_pool" + _FACTORY,
        harmless=True,
        summary="a schema per tenant over one pool; SET LOCAL for each transaction",
    ),
    Mutant(
        "row-level-security",
        _HARMLESS + "row_level_security" + _FACTORY,
        harmless=True,
        summary="all tenants in the same tables, whose policies tell them apart",
    ),
    Mutant(
        "database-per-tenant",
        _HARMLESS + "database_per_tenant" + _FACTORY,
        harmless=True,
        summary="a database per tenant, copied from a template",
    ),
    Mutant(
        "plain-search-path",
        _HARMLESS + "plain_search_path" + _FACTORY,
        harmless=True,
        summary="one pool: SET search_path without taking it back; asyncpg does",
    ),
    Mutant(
        "long-public-cache",
        _HARMLESS + "long_public_cache" + _FACTORY,
        harmless=True,
        summary="public plans, rendered for one tenant, are served to all for an hour",
    ),
    Mutant(
        "response-cache-by-digest",
        _HARMLESS + "response_cache_by_digest" + _FACTORY,
        harmless=True,
        summary="answers are remembered under a digest that the tenant is part of",
        environment=_CACHING,
    ),
    Mutant(
        "rotated-keys",
        _HARMLESS + "rotated_keys" + _FACTORY,
        harmless=True,
        summary="a token is tried with several keys, all of the same tenant",
    ),
    Mutant(
        "idempotent-delete",
        _HARMLESS + "idempotent_delete" + _FACTORY,
        harmless=True,
        summary="removing another's document answers 204 and removes nothing",
    ),
)
"""The usual bugs, and what must stay silent."""

FURTHER: tuple[Mutant, ...] = (
    Mutant(
        "search-precedence",
        _FURTHER + "search_precedence" + _FACTORY,
        harmless=False,
        summary="shared tables: OR without parentheses; bodies are searched for all",
    ),
    Mutant(
        "count-of-everybody",
        _FURTHER + "count_of_everybody" + _FACTORY,
        harmless=False,
        summary="shared tables: documents are counted over all tenants",
    ),
    Mutant(
        "conflict-names-holder",
        _FURTHER + "conflict_names_holder" + _FACTORY,
        harmless=False,
        summary="shared tables: a clash of addresses names a member of any tenant",
    ),
    Mutant(
        "login-at-any-tenant",
        _FURTHER + "login_at_any_tenant" + _FACTORY,
        harmless=False,
        summary="shared tables: members can log in to every tenant",
    ),
    Mutant(
        "flag-update-by-name",
        _FURTHER + "flag_update_by_name" + _FACTORY,
        harmless=False,
        summary="shared tables: setting a flag replaces other tenants' flags",
        environment=_NOT_CACHING,
    ),
    Mutant(
        "label-of-last-tenant",
        _FURTHER + "label_of_last_tenant" + _FACTORY,
        harmless=False,
        summary="a log line carries the tenant of the line before",
    ),
)
"""Bugs that show in fewer places or by fewer signs than the usual ones."""

CHANNELS: tuple[Mutant, ...] = (
    _channel(
        "answers-by-question",
        "answers of all assistants are found by question and memory alone",
        beyond="two tenants have to ask the same question",
    ),
    _channel(
        "prompt-by-configuration",
        "a system prompt is remembered by configuration, without the name",
    ),
    _channel(
        "tools-of-last-store",
        "the model's tools look into the store that was opened last",
    ),
    _channel(
        "conversation-by-member",
        "a conversation that was read is remembered by the member's number",
        environment=_CACHING,
    ),
    _channel(
        "provider-key-of-first",
        "the provider key of the tenant that opens first is everybody's",
    ),
    _channel(
        "provider-limits-for-all",
        "what the provider says of one key's limits counts for all keys",
    ),
    _channel(
        "buckets-by-member",
        "members of the same number share a bucket, whatever their tenants",
        beyond=_NO_DATA,
    ),
    _channel(
        "usage-of-everybody",
        "shared tables: the use of today is summed up over all tenants",
        beyond=_NO_DATA,
    ),
    _channel(
        "events-replayed",
        "who begins to listen is told the latest events of all tenants",
        beyond="somebody has to begin to listen after the others' requests",
    ),
    _channel(
        "broadcast-of-deletions",
        "what was deleted is told to the listeners of all tenants",
        beyond=_NO_DATA,
    ),
    _channel(
        "every-stream-ends",
        "when one tenant's streams have to end, everybody's do",
        beyond=_OPERATOR,
    ),
    _channel(
        "exports-listed-for-all",
        "shared tables: the list of exports has everybody's",
    ),
    _channel(
        "export-by-number",
        "files are kept by the number of their export, which others have too",
    ),
    _channel(
        "export-buffer-shared",
        "files that are made at the same time are written in one buffer",
        beyond=_OVERLAP,
    ),
    _channel(
        "deeds-of-a-burst",
        "deeds that come at once go into the audit trail of who came first",
    ),
    _channel(
        "webhooks-of-last",
        "webhooks that were looked up last are remembered as everybody's",
        environment=_CACHING,
    ),
    _channel(
        "webhook-secret-by-number",
        "a webhook's secret is remembered by number, which others have too",
        beyond=_NO_DATA,
    ),
    _channel(
        "webhook-event-of-last",
        "an event that waits to be sent is replaced by the latest of any tenant",
        beyond=_OVERLAP,
    ),
    _channel(
        "tag-by-count",
        "an answer's tag is its URL and the number of writes so far",
        beyond=_NO_DATA,
    ),
    _channel(
        "rendered-once-by-url",
        "who asks while an answer is being made gets that, whosever it is",
        beyond=_OVERLAP,
    ),
    _channel(
        "series-by-route",
        "a metric's series is remembered by route, with the first one's tenant",
    ),
    _channel(
        "deed-in-the-log",
        "the job that writes a deed logs what it was done to",
    ),
    _channel(
        "job-line-of-last",
        "the line of a job that is done names who began such a job last",
    ),
    _channel(
        "custom-domains-kept",
        "whose a custom domain is stays remembered when it has moved",
        beyond=_OPERATOR,
    ),
    _channel(
        "suspended-still-served",
        "a directory that is told of a change forgets ids, and keeps domains",
        environment=_CACHING,
        beyond=_OPERATOR,
    ),
    _channel(
        "answers-by-slug",
        "answers of a tenant that left are given to the next one of its slug",
        beyond=_OPERATOR,
    ),
    _channel(
        "rotated-key-still-good",
        "a key that was rotated without grace stays good",
        beyond=_OPERATOR,
    ),
    _channel(
        "path-remembered",
        "shared pool: where a connection points is remembered past a rollback",
        beyond="a transaction has to fail first, with the connection kept",
    ),
    _channel(
        "policy-missing",
        "row-level security: the table of exports has no policy",
    ),
    _channel(
        "pool-by-job",
        "database per tenant: background work has its pool by the job's name",
    ),
    _harmless(
        "answers-by-digest",
        "answers of all are in one cache, whose keys have the tenant",
    ),
    _harmless(
        "prompt-by-tenant",
        "system prompts are remembered by tenant and configuration",
    ),
    _harmless(
        "one-provider-client",
        "one client of the provider's SDK for all; each request has its key",
    ),
    _harmless(
        "buckets-in-one-table",
        "the buckets of all members are in one table, by tenant and number",
    ),
    _harmless(
        "filtered-at-listener",
        "every event is offered to all listeners, who take their own",
    ),
    _harmless(
        "export-kept-by-tenant",
        "files are kept in one place, by tenant and number of the export",
    ),
    _harmless(
        "tag-of-bytes",
        "a tag names bytes and no tenant",
    ),
    _harmless(
        "rendered-once-by-tenant",
        "who asks while an answer of the same tenant's is made gets that",
    ),
    _harmless(
        "label-from-context",
        "metrics take their tenant from the context, a verified slug",
    ),
    _harmless(
        "job-line-of-its-own",
        "jobs are told of from one place, each with its own label",
    ),
)
"""Bugs in what an app has besides requests for rows, and their look-alikes.

The assistant and its provider, limits, streams, files, audit trail, webhooks, tags,
metrics, lines of background jobs, the operator's doings, and further storages.
"""

STARTUP: tuple[Mutant, ...] = (
    Mutant(
        "two-registries",
        _STARTUP + "two_registries" + _FACTORY,
        harmless=False,
        summary="start-up opens tenants in a registry that requests do not look into",
    ),
    Mutant(
        "connection-left-open",
        _STARTUP + "connection_left_open" + _FACTORY,
        harmless=False,
        summary="the directory keeps a connection that nobody closes",
    ),
    Mutant(
        "own-connection",
        _HARMLESS + "own_connection" + _FACTORY,
        harmless=True,
        summary="the directory opens a connection of its own and closes it",
    ),
    Mutant(
        "closed-after-start",
        _HARMLESS + "closed_after_start" + _FACTORY,
        harmless=True,
        summary="tenants are closed once start-up has tried them, and opened on use",
        # A second opening asks the provider again, which the target does not allow.
        environment={"REFERENCE_APP_PROVIDER_URL": ""},
    ),
)
"""What only a start shows; `harness startup --variant` tries them."""
