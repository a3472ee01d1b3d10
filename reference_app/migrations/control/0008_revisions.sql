ALTER TABLE tenants
    -- Grows with each change for which what is open for the tenant, in whatever
    -- process, must be opened anew.
    ADD COLUMN revision integer NOT NULL DEFAULT 0;
