-- Personal access tokens, partners, their clients and the tokens minted for them.

CREATE TABLE personal_access_tokens (
    id             uuid PRIMARY KEY,
    user_id        uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name           text NOT NULL,
    -- `resource:action`, each within the owner's own rights at the time of minting.
    scopes         text[] NOT NULL,
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    revoked_at     timestamptz
);
CREATE UNIQUE INDEX personal_access_tokens_name ON personal_access_tokens (user_id, name) WHERE revoked_at IS NULL;
CREATE INDEX personal_access_tokens_of_user ON personal_access_tokens (user_id, created_at DESC, id DESC);

CREATE TABLE partners (
    slug        text PRIMARY KEY CHECK (slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'),
    name        text NOT NULL,
    contact     text NOT NULL,
    created_at  timestamptz NOT NULL,
    created_by  uuid
);

CREATE TABLE partner_clients (
    slug        text PRIMARY KEY CHECK (slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'),
    partner     text NOT NULL REFERENCES partners (slug) ON DELETE CASCADE,
    name        text NOT NULL,
    rights      text[] NOT NULL,
    created_at  timestamptz NOT NULL,
    disabled_at timestamptz
);
CREATE INDEX partner_clients_of_partner ON partner_clients (partner, slug);

CREATE TABLE partner_tokens (
    id             uuid PRIMARY KEY,
    client         text NOT NULL REFERENCES partner_clients (slug) ON DELETE CASCADE,
    revocation_id  text NOT NULL,
    created_at     timestamptz NOT NULL,
    created_by     uuid,
    expires_at     timestamptz NOT NULL,
    revoked_at     timestamptz
);
CREATE INDEX partner_tokens_of_client ON partner_tokens (client, created_at DESC, id DESC);
