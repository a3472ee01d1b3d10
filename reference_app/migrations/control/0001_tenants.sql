CREATE TABLE tenants (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug text NOT NULL UNIQUE,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    configuration jsonb NOT NULL DEFAULT '{}',
    signing_key bytea NOT NULL,
    -- Where the tenant's rows are, if the storage gives it a place of its own.
    schema_name text UNIQUE,
    role_name text UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE domains (
    domain text PRIMARY KEY CHECK (domain = lower(domain)),
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE
);

CREATE INDEX domains_tenant_id ON domains (tenant_id);
