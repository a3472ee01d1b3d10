"""What an operator can set, read from the environment."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = IPv4Network | IPv6Network
Strategy = Literal["eager", "lazy", "warm"]
Policy = Literal["degraded", "strict", "quorum"]
StorageName = Literal[
    "schema_per_tenant",
    "shared_pool",
    "row_level_security",
    "database_per_tenant",
    "shared_tables",
    "one_pool",
]


class Settings(BaseSettings):
    """Settings of one process; variables are `REFERENCE_APP_<NAME>`.

    `dsn` is also read from the customary `DATABASE_URL`. Times are in seconds.
    """

    model_config = SettingsConfigDict(
        env_prefix="REFERENCE_APP_",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    dsn: SecretStr = Field(
        validation_alias=AliasChoices("REFERENCE_APP_DSN", "DATABASE_URL")
    )
    base_domain: str = Field(default="localhost", min_length=1)
    """A tenant's own domain is `<slug>.<base_domain>`."""
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    """Peers whose X-Forwarded-Host counts; networks, separated by commas."""
    storage: StorageName = "schema_per_tenant"

    tenant_pool_max: int = Field(default=4, ge=1)
    """Connections for one tenant at most, where each has its own pool."""
    pool_min: int = Field(default=0, ge=0)
    """Connections that each tenant's pool keeps as long as it has any."""
    connection_budget: int = Field(default=40, ge=1)
    """Connections of all tenants' own pools together, in this process."""
    shared_pool_max: int = Field(default=10, ge=1)
    """Connections of a pool that serves every tenant at most."""
    acquire_timeout: float = Field(default=5.0, gt=0)
    """How long a request waits for a connection."""
    statement_timeout: float = Field(default=10.0, gt=0)
    close_timeout: float = Field(default=5.0, gt=0)
    """How long a pool waits for its connections before it cuts them off."""

    strategy: Strategy = "eager"
    """Whom start-up opens: all tenants, none, or `warm_share` of them by last use."""
    warm_share: float = Field(default=0.2, ge=0, le=1)
    """Share of the tenants that `warm` opens at start-up; the rest on first use."""
    policy: Policy = "degraded"
    """What start-up does about tenants that do not open.

    `degraded` goes on without them, `strict` fails at the first, and `quorum`
    fails if less than the share `quorum` has opened.
    """
    quorum: float = Field(default=0.5, ge=0, le=1)
    start_concurrency: int = Field(default=8, ge=1)
    """Tenants that are opened at the same time at start-up."""
    idle_timeout: float = Field(default=600.0, gt=0)
    """How long nobody may have used a tenant before it is closed."""
    housekeeping_interval: float = Field(default=15.0, gt=0)
    """How often idle tenants are looked for, and the times of last use written."""
    tenant_deadline: float = Field(default=10.0, gt=0)
    """How long opening one tenant may take."""
    retry_after: int = Field(default=5, ge=1)
    """How long a tenant that failed to open is left alone; sent as Retry-After."""
    cache_lifetime: float = Field(default=2.0, ge=0)
    """How long another process may go on serving what a write has replaced."""

    stream_heartbeat: float = Field(default=15.0, gt=0)
    """How often an open stream or socket says something if nothing happens."""
    stream_backlog: int = Field(default=100, ge=1)
    """Events that may wait for one listener before it counts as too slow."""
    streams_per_tenant: int = Field(default=100, ge=1)
    """Streams and sockets of one tenant in one process at most."""
    send_timeout: float = Field(default=10.0, gt=0)
    """How long a listener may take to read one event."""

    export_timeout: float = Field(default=60.0, gt=0)
    """How long making one file may take, and waiting for its turn."""
    export_size: int = Field(default=50_000_000, ge=1)
    """Characters of one file at most."""

    webhook_timeout: float = Field(default=5.0, gt=0)
    """How long a webhook may take to answer."""
    webhook_attempts: int = Field(default=4, ge=1)
    """How often a message is sent to a webhook that does not take it."""
    webhook_pause: float = Field(default=1.0, ge=0)
    """Seconds before the second attempt; each pause is twice the last."""
    webhook_networks: Annotated[tuple[Network, ...], NoDecode] = ()
    """Networks that webhooks may be in besides the public internet, separated by
    commas; also by plain http, which is refused elsewhere."""

    metrics_public: bool = False
    """Whether anybody may read `/metrics`; else it takes the admin token."""
    metrics_tenants: int = Field(default=100, ge=0)
    """Tenants with series of their own; what further ones do counts as `_other`."""

    token_lifetime: int = Field(default=3600, ge=1)
    token_issuer: str = "reference-app"
    token_audience: str = "reference-app-api"
    argon2_time_cost: int = Field(default=3, ge=1)
    argon2_memory_kib: int = Field(default=65536, ge=8)
    argon2_parallelism: int = Field(default=4, ge=1)

    requests_per_minute: int = Field(default=60_000, ge=1)
    """Of a whole tenant, unless its terms say otherwise."""
    member_requests_per_minute: int = Field(default=30_000, ge=1)
    """Of each member of a tenant, unless its terms say otherwise."""
    provider_url: str | None = None
    """Where the model provider is; without it there is no assistant."""
    model: str = "claude-haiku-4-5"
    provider_timeout: float = Field(default=30.0, gt=0)
    """How long the provider may be silent, before and within an answer."""
    provider_connect_timeout: float = Field(default=2.0, gt=0)
    provider_retries: int = Field(default=2, ge=0)
    """How often a call is made again after a failure of the provider's."""
    provider_connections: int = Field(default=200, ge=4)
    """Connections to the provider, all tenants together."""
    provider_concurrency: int = Field(default=8, ge=1)
    """Calls of one key at once, so that no tenant takes all the connections."""
    prime_timeout: float = Field(default=3.0, gt=0)
    """How long the call may take by which a key's limits are learnt."""
    assistant_deadline: float = Field(default=120.0, gt=0)
    """How long one answer may take altogether."""
    answer_tokens: int = Field(default=1024, ge=1)
    """Tokens of one answer at most, and of each use of a tool on the way."""
    answer_lifetime: float = Field(default=60.0, ge=0)
    """How long an answer is given again to questions that are much the same."""
    budget_freshness: float = Field(default=30.0, ge=0)
    """How long another process may spend tokens before it is noticed here."""
    memory_length: int = Field(default=20, ge=0)
    """Messages of a conversation that the model is reminded of."""
    tokens_per_day: int = Field(default=1_000_000, ge=0)
    """What a tenant's assistant may use up, unless its terms say otherwise."""

    admin_token: SecretStr | None = Field(default=None, min_length=16)
    """Opens the operator's endpoints; without it there are none."""

    @classmethod
    def from_environment(cls) -> Self:
        """Read the settings.

        Raises:
            pydantic.ValidationError: One is missing or wrong.
        """
        return cls()  # type: ignore[call-arg]  # the environment has the rest

    @field_validator("dsn")
    @classmethod
    def _plain_dsn(cls, value: SecretStr) -> SecretStr:
        """Drop the driver of a SQLAlchemy address: asyncpg knows itself."""
        scheme, separator, rest = value.get_secret_value().partition("://")
        return SecretStr(scheme.partition("+")[0] + separator + rest)

    @field_validator("provider_url")
    @classmethod
    def _none_if_empty(cls, value: str | None) -> str | None:
        return value or None

    @field_validator("base_domain")
    @classmethod
    def _lower_case(cls, value: str) -> str:
        return value.lower().strip(".")

    @model_validator(mode="after")
    def _pools_fit(self) -> Self:
        if self.pool_min > self.tenant_pool_max:
            raise ValueError("pool_min is at most tenant_pool_max")
        if self.connection_budget < min(self.tenant_pool_max, self.pool_min + 1):
            raise ValueError("connection_budget is too small for a single tenant")
        return self

    @field_validator("trusted_proxies", "webhook_networks", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if isinstance(value, str):
            parts = (part.strip() for part in value.split(","))
            return tuple(ip_network(part) for part in parts if part)
        return value
