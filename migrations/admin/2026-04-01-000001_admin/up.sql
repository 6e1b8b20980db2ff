-- What operators look at and set: counts by day and country, people as operators see them, reported contents, settings,
-- comparisons with payment providers, notes.

-- Sums by day (UTC), kind and country; `currency` is empty for what is no money. One row a day, kind and country.
CREATE TABLE metrics (
    metric   text NOT NULL,
    day      date NOT NULL,
    -- ISO 3166-1 alpha-2; ZZ where the person did not say.
    country  text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    currency text NOT NULL DEFAULT '' CHECK (currency IN ('', 'XOF', 'EUR', 'USD')),
    value    bigint NOT NULL,
    PRIMARY KEY (metric, day, country, currency)
);

-- Who was active in which day, week and month: people are counted once in each. Partitions of months long past are dropped,
-- as what was counted is in `metrics`.
CREATE TABLE actives (
    starts  date NOT NULL,
    period  text NOT NULL CHECK (period IN ('DAY', 'WEEK', 'MONTH')),
    user_id uuid NOT NULL,
    PRIMARY KEY (starts, period, user_id)
) PARTITION BY RANGE (starts);
CREATE INDEX actives_of_user ON actives (user_id);
CREATE TABLE actives_other PARTITION OF actives DEFAULT;

-- What happened to books on which day.
CREATE TABLE book_days (
    day         date NOT NULL,
    book_id     uuid NOT NULL,
    sales       bigint NOT NULL DEFAULT 0,
    starts      bigint NOT NULL DEFAULT 0,
    completions bigint NOT NULL DEFAULT 0,
    seconds     bigint NOT NULL DEFAULT 0,
    downloads   bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (day, book_id)
) PARTITION BY RANGE (day);
CREATE TABLE book_days_other PARTITION OF book_days DEFAULT;

-- Makes the partition of `parent` for the month that holds `moment`; does nothing when it exists or when the default partition
-- already took rows of that month, which must then stay where they are.
CREATE FUNCTION admin_make_partition(parent text, moment date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    from_day date := date_trunc('month', moment)::date;
    to_day   date := (date_trunc('month', moment) + interval '1 month')::date;
    child    text := parent || '_' || to_char(moment, 'YYYY_MM');
    day_name text := CASE parent WHEN 'actives' THEN 'starts' ELSE 'day' END;
    taken    boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('admin_make_partition'));
    IF to_regclass(child) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE %I >= $1 AND %I < $2)', parent || '_other', day_name, day_name)
        INTO taken USING from_day, to_day;
    IF taken THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', child, parent, from_day, to_day);
    RETURN true;
END $$;

-- Drops the partitions of `actives` that end before `moment`, and what the default one has of that time; returns how many.
CREATE FUNCTION admin_drop_actives(moment date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    child   text;
    dropped integer := 0;
BEGIN
    FOR child IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'actives'::regclass AND c.relname ~ '^actives_[0-9]{4}_[0-9]{2}$'
    LOOP
        IF to_date(right(child, 7), 'YYYY_MM') + interval '1 month' <= moment THEN
            EXECUTE format('DROP TABLE %I', child);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    DELETE FROM actives_other WHERE starts < moment;
    RETURN dropped;
END $$;

SELECT admin_make_partition(parent, (now() AT TIME ZONE 'UTC' + make_interval(months => ahead))::date)
FROM unnest(ARRAY['actives', 'book_days']) AS parent, generate_series(-1, 3) AS ahead;

-- People as operators see them; who someone is, auth says.
CREATE TABLE people (
    user_id         uuid PRIMARY KEY,
    country         text CHECK (country ~ '^[A-Z]{2}$'),
    -- When auth said the country.
    profile_at      timestamptz NOT NULL DEFAULT '-infinity',
    registered_at   timestamptz,
    last_active_on  date,
    first_paid_at   timestamptz,
    orders_paid     integer NOT NULL DEFAULT 0,
    books_started   integer NOT NULL DEFAULT 0,
    books_completed integer NOT NULL DEFAULT 0,
    seconds_read    bigint NOT NULL DEFAULT 0,
    reports         integer NOT NULL DEFAULT 0,
    removals        integer NOT NULL DEFAULT 0,
    -- The account is gone; nothing else of it is kept.
    deleted_at      timestamptz
);

-- What people paid to providers less what was paid back, by currency.
CREATE TABLE spendings (
    user_id  uuid NOT NULL,
    currency text NOT NULL CHECK (currency IN ('XOF', 'EUR', 'USD')),
    amount   bigint NOT NULL,
    PRIMARY KEY (user_id, currency)
);

-- How far readers are in books, so that what is said again is counted once.
CREATE TABLE readings (
    user_id   uuid NOT NULL,
    book_id   uuid NOT NULL,
    seconds   bigint NOT NULL DEFAULT 0 CHECK (seconds >= 0),
    started   boolean NOT NULL DEFAULT false,
    completed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (user_id, book_id)
);

-- What was counted of orders already; forgotten a year later.
CREATE TABLE orders (
    order_id   uuid PRIMARY KEY,
    seen_at    timestamptz NOT NULL,
    created    boolean NOT NULL DEFAULT false,
    paid       boolean NOT NULL DEFAULT false,
    sold       boolean NOT NULL DEFAULT false,
    refunded   boolean NOT NULL DEFAULT false,
    -- Paid from a wallet, whose money was counted when it came in.
    by_wallet  boolean NOT NULL DEFAULT false
);
CREATE INDEX orders_seen ON orders (seen_at);

-- Reported contents: community's cases, in one queue.
CREATE TABLE reported_contents (
    -- Community's case.
    case_id      uuid PRIMARY KEY,
    kind         text NOT NULL,
    content_id   uuid NOT NULL,
    author_id    uuid NOT NULL,
    status       text NOT NULL CHECK (status IN ('OPEN', 'APPEALED', 'DECIDED')),
    reports      integer NOT NULL,
    -- How many for which reason: {"SPAM": 3}.
    reasons      jsonb NOT NULL,
    hidden       boolean NOT NULL,
    decision     text,
    reported_at  timestamptz NOT NULL,
    -- When what is known of its status was said.
    status_at    timestamptz NOT NULL
);
CREATE INDEX reported_contents_queue ON reported_contents (status, reported_at, case_id);
CREATE INDEX reported_contents_of_author ON reported_contents (author_id);

-- What operators set while the platform runs. The broadcast copy is in the broker; this is the truth.
CREATE TABLE settings (
    key         text PRIMARY KEY CHECK (key ~ '^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*$' AND length(key) <= 80),
    description text NOT NULL,
    -- None where it was removed: the key is kept, so that its version goes on.
    value       jsonb,
    share       smallint NOT NULL CHECK (share BETWEEN 0 AND 100),
    for_clients boolean NOT NULL,
    version     bigint NOT NULL CHECK (version > 0),
    -- The version that was broadcast last.
    told        bigint NOT NULL DEFAULT 0,
    updated_at  timestamptz NOT NULL,
    updated_by  uuid
);
CREATE INDEX settings_untold ON settings (key) WHERE told < version;

-- How comparisons with providers' books ended, by day.
CREATE TABLE comparisons (
    day      date NOT NULL,
    provider text NOT NULL,
    outcome  text NOT NULL,
    count    bigint NOT NULL,
    PRIMARY KEY (day, provider, outcome)
);

-- Where the books did not agree.
CREATE TABLE discrepancies (
    attempt_id  uuid PRIMARY KEY,
    order_id    uuid NOT NULL,
    provider    text NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN ('MISSED_HERE', 'MISSING_THERE')),
    amount      bigint NOT NULL,
    currency    text NOT NULL CHECK (currency IN ('XOF', 'EUR', 'USD')),
    found_at    timestamptz NOT NULL,
    closed_at   timestamptz,
    closed_by   uuid,
    note        text
);
CREATE INDEX discrepancies_newest ON discrepancies (found_at DESC, attempt_id DESC);
CREATE INDEX discrepancies_open ON discrepancies (found_at DESC, attempt_id DESC) WHERE closed_at IS NULL;

CREATE TABLE reconciliations (
    id           uuid PRIMARY KEY,
    provider     text,
    from_at      timestamptz NOT NULL,
    until_at     timestamptz NOT NULL,
    requested_at timestamptz NOT NULL,
    requested_by uuid NOT NULL,
    CHECK (from_at < until_at)
);

-- What operators noted about people, for each other.
CREATE TABLE notes (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL,
    operator_id uuid NOT NULL,
    text       text NOT NULL CHECK (length(text) BETWEEN 1 AND 2000),
    created_at timestamptz NOT NULL
);
CREATE INDEX notes_of_user ON notes (user_id, id DESC);
