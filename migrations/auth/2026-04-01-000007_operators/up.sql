-- Copies of one's data from every domain, and operators who look at the platform as somebody else sees it.

ALTER TABLE data_exports
    -- When every domain had answered.
    ADD COLUMN ready_at timestamptz,
    -- When the domains were asked last.
    ADD COLUMN asked_at timestamptz NOT NULL DEFAULT '-infinity';
CREATE INDEX data_exports_waiting ON data_exports (asked_at) WHERE ready_at IS NULL;
CREATE INDEX data_exports_old ON data_exports (requested_at);

-- What the other domains hold of the person.
CREATE TABLE data_export_parts (
    export_id   uuid NOT NULL REFERENCES data_exports (id) ON DELETE CASCADE,
    domain      text NOT NULL,
    part        jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (export_id, domain)
);

CREATE TABLE impersonations (
    -- `session("…")` in the token, so that it is revoked like a session.
    id          uuid PRIMARY KEY,
    operator_id uuid NOT NULL,
    user_id     uuid NOT NULL,
    reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    started_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    CHECK (started_at < expires_at)
);
CREATE INDEX impersonations_newest ON impersonations (started_at DESC, id DESC);
CREATE INDEX impersonations_of_operator ON impersonations (operator_id, expires_at) WHERE ended_at IS NULL;
CREATE INDEX impersonations_of_user ON impersonations (user_id, expires_at) WHERE ended_at IS NULL;
