-- Who may look at and pay back other people's orders, and which plan each account has.

INSERT INTO role_rights (role, resource, action) VALUES
    ('admin', 'payments', '*');

-- Kept from payment's events; it goes into access tokens.
CREATE TABLE user_plans (
    user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    plan    text NOT NULL,
    until   timestamptz NOT NULL
);
