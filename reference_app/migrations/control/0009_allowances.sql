-- What tenants and their members have taken of their rate limits lately.
CREATE TABLE allowances (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    -- A member's number, 'nobody' for who is not logged in, or 'tenant' for all.
    bucket text NOT NULL,
    -- When it is full again if nobody takes from it until then.
    full_at timestamptz NOT NULL,
    -- What was added last, as the time in which it comes back.
    taken interval NOT NULL,
    PRIMARY KEY (tenant_id, bucket)
);
