-- The tables that every domain's database has: events on their way out and in, and mail.

CREATE TABLE outbox (
    sequence    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          UUID        NOT NULL UNIQUE,
    subject     TEXT        NOT NULL,
    event       JSONB       NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    sent_at     TIMESTAMPTZ
);
CREATE INDEX outbox_unsent ON outbox (sequence) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;

-- One notification per statement wakes the relay; a bulk insert need not wake it a thousand times.
CREATE FUNCTION outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY outbox;
    RETURN NULL;
END
$$;
CREATE TRIGGER outbox_notify AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify();

CREATE TABLE inbox (
    consumer    TEXT        NOT NULL,
    event_id    UUID        NOT NULL,
    handled_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_handled_at ON inbox (handled_at);

CREATE TABLE dead_letter (
    consumer    TEXT        NOT NULL,
    event_id    UUID        NOT NULL,
    subject     TEXT        NOT NULL,
    payload     BYTEA       NOT NULL,
    error       TEXT        NOT NULL,
    attempts    INTEGER     NOT NULL,
    failed_at   TIMESTAMPTZ NOT NULL,
    replay_at   TIMESTAMPTZ,
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX dead_letter_replay ON dead_letter (replay_at) WHERE replay_at IS NOT NULL;

CREATE TABLE mail (
    id          UUID        PRIMARY KEY,
    recipient   TEXT        NOT NULL,
    subject     TEXT        NOT NULL,
    text_body   TEXT        NOT NULL,
    html_body   TEXT,
    attempts    INTEGER     NOT NULL DEFAULT 0,
    created_at  TIMESTAMPTZ NOT NULL,
    next_at     TIMESTAMPTZ NOT NULL,
    sent_at     TIMESTAMPTZ,
    error       TEXT
);
CREATE INDEX mail_due ON mail (next_at) WHERE sent_at IS NULL;
