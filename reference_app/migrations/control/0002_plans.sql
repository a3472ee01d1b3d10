-- What anybody can subscribe to: public, and the same for every tenant.
CREATE TABLE plans (
    name text PRIMARY KEY,
    monthly_price_cents integer NOT NULL CHECK (monthly_price_cents >= 0),
    document_limit integer CHECK (document_limit > 0)
);

INSERT INTO plans (name, monthly_price_cents, document_limit) VALUES
    ('free', 0, 100),
    ('team', 4900, 10000),
    ('enterprise', 49900, NULL);
