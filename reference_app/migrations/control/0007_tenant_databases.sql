-- The databases of tenants that have one each. One without a tenant is being made,
-- or is left over and to be dropped.
CREATE TABLE tenant_databases (
    name text PRIMARY KEY,
    tenant_id uuid UNIQUE REFERENCES tenants ON DELETE SET NULL
);
