-- How far each tenant's schema is migrated; until now a table in every schema,
-- when there was one migration.
CREATE TABLE schema_versions (
    schema_name text PRIMARY KEY REFERENCES tenants (schema_name) ON DELETE CASCADE,
    version integer NOT NULL
);

INSERT INTO schema_versions (schema_name, version)
    SELECT schema_name, 1 FROM tenants WHERE schema_name IS NOT NULL;

DO $$
DECLARE
    place text;
BEGIN
    FOR place IN SELECT schema_name FROM schema_versions LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I.migrations', place);
    END LOOP;
END
$$;
