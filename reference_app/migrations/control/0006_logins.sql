-- Logins that this app makes for itself; for the owner's eyes only.
CREATE TABLE logins (
    purpose text PRIMARY KEY,
    role_name text NOT NULL,
    password text NOT NULL
);

REVOKE ALL ON logins FROM PUBLIC;
