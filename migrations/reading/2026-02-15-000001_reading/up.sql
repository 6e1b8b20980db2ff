-- Who may read what, how far they are, what they noted, and what reading remembers of other domains.

-- What catalog says of books.
CREATE TABLE books (
    book_id    uuid PRIMARY KEY,
    version    bigint NOT NULL,
    title      text NOT NULL,
    authors    text[] NOT NULL,
    language   text NOT NULL,
    page_count integer,
    is_free    boolean NOT NULL,
    on_shelf   boolean NOT NULL,
    deleted    boolean NOT NULL,
    -- It left the shelf, and the rights that come from subscriptions are being ended.
    ending     boolean NOT NULL DEFAULT false
);
CREATE INDEX books_ending ON books (book_id) WHERE ending;

-- One row a reader. Whoever writes anything of a reader's locks it first, so that the numbers of what is written are given
-- out in the order of commits: a cursor over them skips nothing.
CREATE TABLE readers (
    user_id        uuid PRIMARY KEY,
    sequence       bigint NOT NULL DEFAULT 0,
    time_zone      text NOT NULL DEFAULT 'UTC',
    time_zone_at   timestamptz NOT NULL DEFAULT '-infinity',
    streak_days    integer NOT NULL DEFAULT 0,
    streak_end     date,
    streak_longest integer NOT NULL DEFAULT 0,
    annotations    integer NOT NULL DEFAULT 0,
    -- The account is gone; nothing else of it is kept.
    deleted_at     timestamptz
);

-- The moments at which stamps from clocks that are ahead were first heard of, and which they count as for ever.
CREATE TABLE clamps (
    user_id   uuid NOT NULL,
    device_id uuid NOT NULL,
    physical  bigint NOT NULL,
    counter   integer NOT NULL,
    wall      bigint NOT NULL,
    PRIMARY KEY (user_id, device_id, physical, counter)
);
CREATE INDEX clamps_old ON clamps (wall);

CREATE TABLE subscriptions (
    subscription_id uuid PRIMARY KEY,
    user_id         uuid NOT NULL,
    plan            text NOT NULL,
    period_end      timestamptz NOT NULL,
    -- Once ended, it stays so, whatever is heard later.
    ended           boolean NOT NULL
);
CREATE INDEX subscriptions_by_user ON subscriptions (user_id);

-- A right to read a book; several may exist side by side, each with its own source.
CREATE TABLE entitlements (
    user_id    uuid NOT NULL,
    book_id    uuid NOT NULL,
    source     text NOT NULL CHECK (source IN ('PURCHASED', 'SUBSCRIPTION', 'FREE', 'GIFTED')),
    -- The order or the gift; the nil UUID where there can be only one.
    source_id  uuid NOT NULL,
    -- None where it was taken away before it was given.
    granted_at timestamptz,
    revoked_at timestamptz,
    -- REFUNDED, SUBSCRIPTION_ENDED, WITHDRAWN
    reason     text,
    PRIMARY KEY (user_id, book_id, source, source_id),
    CHECK ((revoked_at IS NULL) = (reason IS NULL)),
    CHECK (granted_at IS NOT NULL OR revoked_at IS NOT NULL)
);
CREATE INDEX entitlements_by_subscription ON entitlements (user_id) WHERE source = 'SUBSCRIPTION';
CREATE INDEX entitlements_to_withdraw ON entitlements (book_id) WHERE source = 'SUBSCRIPTION' AND revoked_at IS NULL;

CREATE TABLE library_items (
    user_id          uuid NOT NULL,
    book_id          uuid NOT NULL,
    -- What the reader chose, and what follows from it and from what was read since.
    chosen           text CHECK (chosen IN ('WANT', 'READING', 'READ', 'PAUSED', 'DNF')),
    chosen_stamp     jsonb,
    removed          boolean NOT NULL,
    removed_stamp    jsonb,
    status           text NOT NULL CHECK (status IN ('WANT', 'READING', 'READ', 'PAUSED', 'DNF')),
    listed           boolean NOT NULL,
    added_at         timestamptz NOT NULL,
    started_at       timestamptz,
    last_read_at     timestamptz,
    finished_at      timestamptz,
    -- How `reading.completed` was said: SELF or PROGRESS.
    completed        text CHECK (completed IN ('SELF', 'PROGRESS')),
    seconds_read     bigint NOT NULL DEFAULT 0,
    -- When `reading.progressed` was said last, and when it is to be said next.
    told_at          timestamptz,
    tell_at          timestamptz,
    -- When the right to read it changed last; the next change is later.
    right_changed_at timestamptz,
    sequence         bigint NOT NULL,
    PRIMARY KEY (user_id, book_id)
);
CREATE UNIQUE INDEX library_items_sequence ON library_items (user_id, sequence);
CREATE INDEX library_items_newest ON library_items (user_id, added_at DESC, book_id DESC) WHERE listed;
CREATE INDEX library_items_by_status ON library_items (user_id, status, added_at DESC, book_id DESC) WHERE listed;
CREATE INDEX library_items_to_tell ON library_items (tell_at) WHERE tell_at IS NOT NULL;

CREATE TABLE progress (
    id                   uuid PRIMARY KEY,
    user_id              uuid NOT NULL,
    book_id              uuid NOT NULL,
    device_id            uuid NOT NULL,
    -- Readium locators; progression is that of the whole book, 0 to 1.
    locator              jsonb NOT NULL,
    progression          double precision NOT NULL CHECK (progression BETWEEN 0 AND 1),
    stamp                jsonb NOT NULL,
    read_at              timestamptz NOT NULL,
    furthest_locator     jsonb NOT NULL,
    furthest_progression double precision NOT NULL CHECK (furthest_progression BETWEEN 0 AND 1),
    furthest_stamp       jsonb NOT NULL,
    sequence             bigint NOT NULL,
    UNIQUE (user_id, book_id, device_id)
);
CREATE UNIQUE INDEX progress_sequence ON progress (user_id, sequence);

CREATE TABLE annotations (
    -- Made by the device.
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL,
    book_id     uuid NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('HIGHLIGHT', 'NOTE', 'BOOKMARK')),
    -- None until the change that made it has come.
    locator     jsonb,
    progression double precision NOT NULL,
    quote       text,
    note        text,
    colour      text CHECK (colour IN ('YELLOW', 'GREEN', 'BLUE', 'PINK', 'PURPLE')),
    privacy     text NOT NULL CHECK (privacy IN ('PRIVATE', 'PUBLIC')),
    deleted     boolean NOT NULL,
    -- By field: the stamp of the change that wrote it.
    stamps      jsonb NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    shared_at   timestamptz,
    -- Deleted long ago: what it said is gone.
    erased      boolean NOT NULL DEFAULT false,
    sequence    bigint NOT NULL
);
CREATE UNIQUE INDEX annotations_sequence ON annotations (user_id, sequence);
CREATE INDEX annotations_in_book ON annotations (user_id, book_id, progression, id) WHERE NOT deleted AND locator IS NOT NULL;
CREATE INDEX annotations_to_erase ON annotations (updated_at) WHERE deleted AND NOT erased;

-- Time spent reading, one partition per month of the device's own time.
CREATE TABLE sessions (
    id                uuid NOT NULL,
    user_id           uuid NOT NULL,
    book_id           uuid NOT NULL,
    device_id         uuid NOT NULL,
    started_at        timestamptz NOT NULL,
    seconds           integer NOT NULL CHECK (seconds > 0),
    start_progression double precision NOT NULL,
    end_progression   double precision NOT NULL,
    -- The day in the reader's zone that it was counted for.
    day               date NOT NULL,
    pages             double precision NOT NULL,
    -- Why it is not counted: TOO_FAST, TOO_LONG, DAY_FULL.
    uncounted         text,
    PRIMARY KEY (started_at, user_id, id)
) PARTITION BY RANGE (started_at);
CREATE INDEX sessions_by_user ON sessions (user_id, started_at);

-- Catches what no month covers, so that a late partition never loses a session.
CREATE TABLE sessions_other PARTITION OF sessions DEFAULT;

-- Makes the partition of the month that holds `moment`; does nothing when it exists or when the default partition
-- already took sessions of that month, which must then stay where they are.
CREATE FUNCTION sessions_make_partition(moment timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    starts timestamptz := date_trunc('month', moment, 'UTC');
    ends   timestamptz := date_trunc('month', starts + interval '32 days', 'UTC');
    name   text := 'sessions_' || to_char(starts AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('sessions_make_partition'));
    IF to_regclass(name) IS NOT NULL
        OR EXISTS (SELECT 1 FROM sessions_other WHERE started_at >= starts AND started_at < ends) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF sessions FOR VALUES FROM (%L) TO (%L)', name, starts, ends);
    RETURN true;
END $$;

SELECT sessions_make_partition(now() + make_interval(months => ahead)) FROM generate_series(-2, 3) AS ahead;

-- What was read on a day of the reader's zone, as far as it counts.
CREATE TABLE reading_days (
    user_id  uuid NOT NULL,
    day      date NOT NULL,
    seconds  integer NOT NULL,
    pages    double precision NOT NULL,
    sessions integer NOT NULL,
    books    integer NOT NULL,
    PRIMARY KEY (user_id, day)
);

CREATE TABLE licenses (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL,
    book_id     uuid NOT NULL,
    device_id   uuid NOT NULL,
    device_name text NOT NULL,
    issued_at   timestamptz NOT NULL,
    renewed_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    -- When the reader took the device off the list.
    released_at timestamptz
);
CREATE UNIQUE INDEX licenses_of_device ON licenses (user_id, book_id, device_id) WHERE released_at IS NULL;
CREATE INDEX licenses_running ON licenses (user_id, expires_at);
