-- Who is told what, how it reaches them, and what became of it. No address and no number is kept here.

-- One row a person. Whoever writes anything of a person's locks it first.
CREATE TABLE people (
    user_id       uuid PRIMARY KEY,
    display_name  text NOT NULL DEFAULT '',
    language      text NOT NULL DEFAULT 'fr',
    time_zone     text NOT NULL DEFAULT 'UTC',
    -- When auth said the three above.
    profile_at    timestamptz NOT NULL DEFAULT '-infinity',
    suspended     boolean NOT NULL DEFAULT false,
    suspended_at  timestamptz NOT NULL DEFAULT '-infinity',
    -- Minutes after midnight in the person's zone between which nothing interrupts them.
    quiet_from    smallint CHECK (quiet_from BETWEEN 0 AND 1439),
    quiet_until   smallint CHECK (quiet_until BETWEEN 0 AND 1439),
    digest        text NOT NULL DEFAULT 'SHORT' CHECK (digest IN ('OFF', 'SHORT', 'HOURLY', 'DAILY')),
    -- The account is gone; nothing else of it is kept.
    deleted_at    timestamptz,
    CHECK (num_nulls(quiet_from, quiet_until) = 2 OR num_nulls(quiet_from, quiet_until) = 0 AND quiet_from <> quiet_until)
);

-- Titles, to name books by.
CREATE TABLE books (
    book_id  uuid PRIMARY KEY,
    title    text NOT NULL,
    version  bigint NOT NULL
);

-- What somebody decided. An empty workflow or channel stands for all of them; the most specific row decides.
CREATE TABLE preferences (
    user_id   uuid NOT NULL,
    workflow  text NOT NULL DEFAULT '',
    channel   text NOT NULL DEFAULT '' CHECK (channel IN ('', 'IN_APP', 'EMAIL', 'SMS', 'PUSH')),
    enabled   boolean NOT NULL,
    PRIMARY KEY (user_id, workflow, channel)
);

-- Where push messages go.
CREATE TABLE devices (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL,
    platform      text NOT NULL CHECK (platform IN ('ANDROID', 'IOS', 'WEB')),
    name          text,
    token_sealed  bytea NOT NULL,
    -- A token is one installation's, whoever is signed in there.
    token_index   bytea NOT NULL UNIQUE,
    created_at    timestamptz NOT NULL,
    seen_at       timestamptz NOT NULL
);
CREATE INDEX devices_by_user ON devices (user_id, seen_at DESC, id DESC);
CREATE INDEX devices_by_age ON devices (seen_at);

-- What somebody was told, once for each subject. Swept when it is old.
CREATE TABLE notifications (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL,
    kind        text NOT NULL,
    -- What it is about, in the words of its event: an order, a post. It is told once.
    subject     text NOT NULL,
    facts       jsonb NOT NULL,
    link        text,
    -- Whether it is in the person's list; else it was only sent.
    in_app      boolean NOT NULL,
    created_at  timestamptz NOT NULL,
    read_at     timestamptz,
    UNIQUE (user_id, kind, subject)
);
CREATE INDEX notifications_by_user ON notifications (user_id, created_at DESC, id DESC) WHERE in_app;
CREATE INDEX notifications_unread ON notifications (user_id, created_at DESC, id DESC) WHERE in_app AND read_at IS NULL;
CREATE INDEX notifications_by_age ON notifications (created_at);

-- A message over one channel: of one notification, or of several that a digest holds. Swept when it is old.
CREATE TABLE deliveries (
    id               uuid PRIMARY KEY,
    user_id          uuid NOT NULL,
    workflow         text NOT NULL,
    channel          text NOT NULL CHECK (channel IN ('EMAIL', 'SMS', 'PUSH')),
    critical         boolean NOT NULL,
    -- Whether more may join it until it leaves.
    digest           boolean NOT NULL,
    status           text NOT NULL CHECK (status IN ('PENDING', 'SENT', 'DELIVERED', 'FAILED', 'SUPPRESSED', 'CANCELLED')),
    -- When it is worked on next; none when nothing is to be done.
    due_at           timestamptz,
    tries            integer NOT NULL DEFAULT 0,
    -- After this it is of no use to anyone.
    expires_at       timestamptz NOT NULL,
    -- When it is sent as an SMS as well, unless it was read by then.
    escalate_at      timestamptz,
    escalate_seconds integer,
    provider         text,
    provider_ref     text,
    -- Why it failed, was suppressed or was cancelled: NO_ADDRESS, UNREGISTERED, …
    reason           text,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_escalating ON deliveries (escalate_at) WHERE escalate_at IS NOT NULL;
CREATE INDEX deliveries_by_user ON deliveries (user_id, created_at DESC, id DESC);
CREATE INDEX deliveries_by_age ON deliveries (created_at);
-- At most one digest of a workflow collects over a channel.
CREATE UNIQUE INDEX deliveries_collecting ON deliveries (user_id, workflow, channel) WHERE status = 'PENDING' AND digest AND tries = 0;

-- What a delivery tells.
CREATE TABLE delivery_items (
    delivery_id      uuid NOT NULL REFERENCES deliveries ON DELETE CASCADE,
    notification_id  uuid NOT NULL REFERENCES notifications ON DELETE CASCADE,
    PRIMARY KEY (delivery_id, notification_id)
);
CREATE INDEX delivery_items_by_notification ON delivery_items (notification_id);

-- Every attempt to send, one partition per month.
CREATE TABLE attempts (
    id           uuid NOT NULL,
    delivery_id  uuid NOT NULL,
    number       integer NOT NULL,
    channel      text NOT NULL,
    provider     text NOT NULL,
    outcome      text NOT NULL CHECK (outcome IN ('ACCEPTED', 'RETRY', 'REJECTED')),
    -- The provider's code or ours; never an address.
    code         text,
    millis       integer NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (at, delivery_id, id)
) PARTITION BY RANGE (at);
CREATE INDEX attempts_by_delivery ON attempts (delivery_id, at);

-- Catches what no month covers, so that a late partition never loses an attempt.
CREATE TABLE attempts_other PARTITION OF attempts DEFAULT;

-- Makes the partition of the month that holds `moment`; does nothing when it exists or when the default partition
-- already took attempts of that month, which must then stay where they are.
CREATE FUNCTION attempts_make_partition(moment timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    starts timestamptz := date_trunc('month', moment, 'UTC');
    ends   timestamptz := date_trunc('month', starts + interval '32 days', 'UTC');
    name   text := 'attempts_' || to_char(starts AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('attempts_make_partition'));
    IF to_regclass(name) IS NOT NULL
        OR EXISTS (SELECT 1 FROM attempts_other WHERE at >= starts AND at < ends) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF attempts FOR VALUES FROM (%L) TO (%L)', name, starts, ends);
    RETURN true;
END $$;

SELECT attempts_make_partition(now() + make_interval(months => ahead)) FROM generate_series(0, 3) AS ahead;

-- Drops the partitions of months that ended before `moment`; returns how many.
CREATE FUNCTION attempts_drop_before(moment timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    -- A month's name sorts as the month does.
    last  text := 'attempts_' || to_char(date_trunc('month', moment, 'UTC') AT TIME ZONE 'UTC', 'YYYY_MM');
    name  text;
    count integer := 0;
BEGIN
    FOR name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'attempts'::regclass AND c.relname ~ '^attempts_\d{4}_\d\d$' AND c.relname < last
    LOOP
        EXECUTE format('DROP TABLE %I', name);
        count := count + 1;
    END LOOP;
    RETURN count;
END $$;

-- Addresses and numbers to which nothing is sent any more, by their keyed hashes. They outlive accounts: a mailbox that is gone
-- stays gone.
CREATE TABLE suppressions (
    channel       text NOT NULL CHECK (channel IN ('EMAIL', 'SMS')),
    recipient     bytea NOT NULL,
    reason        text NOT NULL CHECK (reason IN ('BOUNCED', 'COMPLAINED', 'UNSUBSCRIBED', 'INVALID')),
    suppressed_at timestamptz NOT NULL,
    PRIMARY KEY (channel, recipient)
);

-- What providers told of deliveries, each once. Swept when it is old.
CREATE TABLE callbacks (
    provider     text NOT NULL,
    event_id     text NOT NULL,
    received_at  timestamptz NOT NULL,
    PRIMARY KEY (provider, event_id)
);
CREATE INDEX callbacks_by_age ON callbacks (received_at);
