ALTER TABLE tenants
    -- The signing key before the last rotation, and until when it is still good.
    ADD COLUMN previous_signing_key bytea,
    ADD COLUMN previous_signing_key_until timestamptz;
