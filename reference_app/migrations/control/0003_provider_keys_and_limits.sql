ALTER TABLE tenants
    -- The tenant's own account with the model provider, if it has one.
    ADD COLUMN provider_key text,
    -- What applies to this tenant where the service's own limits do not.
    ADD COLUMN requests_per_minute integer CHECK (requests_per_minute > 0),
    ADD COLUMN member_requests_per_minute integer
        CHECK (member_requests_per_minute > 0),
    ADD COLUMN tokens_per_day bigint CHECK (tokens_per_day >= 0),
    -- Written now and then, not for each request; decides who is opened first.
    ADD COLUMN last_used_at timestamptz;
