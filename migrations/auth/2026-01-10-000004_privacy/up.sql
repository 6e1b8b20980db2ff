-- Consents with their history, and requests for a copy of one's data.

CREATE TABLE consents (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind        text NOT NULL CHECK (kind IN ('TRACKING', 'MARKETING', 'ANALYTICS')),
    granted     boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    address     text,
    agent       text
);
CREATE INDEX consents_of_user ON consents (user_id, kind, recorded_at DESC, id DESC);

CREATE TABLE data_exports (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    requested_at timestamptz NOT NULL,
    -- What auth itself holds; the other domains add theirs on `user.export.requested`.
    part         jsonb NOT NULL
);
CREATE INDEX data_exports_of_user ON data_exports (user_id, requested_at DESC);

-- Who follows whom, as community last said: profiles for followers only need it.
CREATE TABLE followers (
    user_id     uuid NOT NULL,
    follower_id uuid NOT NULL,
    following   boolean NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (follower_id, user_id)
);
CREATE INDEX followers_of_user ON followers (user_id);
