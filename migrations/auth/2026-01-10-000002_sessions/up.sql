-- Sessions, the tokens of each, one-time secrets and social identities.

CREATE TABLE sessions (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    method        text NOT NULL,
    device        text,
    address       text,
    agent         text,
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz,
    revoke_reason text,
    CHECK ((revoked_at IS NULL) = (revoke_reason IS NULL))
);
CREATE INDEX sessions_of_user ON sessions (user_id, created_at DESC) WHERE revoked_at IS NULL;
CREATE INDEX sessions_expired ON sessions (expires_at);

-- A session is the family of its refresh tokens; at most one of them is unspent.
CREATE TABLE refresh_tokens (
    token_hash bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    spent_at   timestamptz
);
CREATE UNIQUE INDEX refresh_tokens_unspent ON refresh_tokens (session_id) WHERE spent_at IS NULL;
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_expired ON refresh_tokens (expires_at);

-- Links in mails: proof of an address, a new password.
CREATE TABLE one_time_tokens (
    token_hash bytea PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose    text NOT NULL CHECK (purpose IN ('VERIFY_EMAIL', 'RESET_PASSWORD')),
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX one_time_tokens_of_user ON one_time_tokens (user_id, purpose);
CREATE INDEX one_time_tokens_expired ON one_time_tokens (expires_at);

-- The current code of a phone number: a new one replaces it, five wrong guesses spend it.
CREATE TABLE phone_codes (
    phone_index bytea PRIMARY KEY,
    code_hash   bytea NOT NULL,
    attempts    integer NOT NULL DEFAULT 0,
    issued_at   timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX phone_codes_expired ON phone_codes (expires_at);

-- Text messages to send: number and text are sealed, and the row goes away once it is sent.
CREATE TABLE text_messages (
    id           uuid PRIMARY KEY,
    recipient    bytea NOT NULL,
    body         bytea NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    attempts     integer NOT NULL DEFAULT 0,
    next_attempt timestamptz NOT NULL
);
CREATE INDEX text_messages_due ON text_messages (next_attempt);

-- A sign-in under way at a provider: single use, ten minutes.
CREATE TABLE social_attempts (
    state_hash    bytea PRIMARY KEY,
    provider      text NOT NULL,
    redirect_uri  text NOT NULL,
    nonce         text NOT NULL,
    pkce_verifier bytea NOT NULL,
    expires_at    timestamptz NOT NULL
);
CREATE INDEX social_attempts_expired ON social_attempts (expires_at);

CREATE TABLE social_identities (
    provider       text NOT NULL,
    subject        text NOT NULL,
    user_id        uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The provider's refresh token, sealed; NULL when it gave none.
    refresh_token  bytea,
    linked_at      timestamptz NOT NULL,
    last_used_at   timestamptz NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX social_identities_of_user ON social_identities (user_id);

-- Revocation keys that every verifier must hear of: written with what revokes them, removed once they are broadcast.
CREATE TABLE pending_revocations (
    key   text PRIMARY KEY,
    until timestamptz NOT NULL
);
