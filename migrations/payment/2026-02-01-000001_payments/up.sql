-- Orders, attempts to pay them, refunds, the ledger, and what payment remembers of other domains.

-- What catalog says of books: whether they are sold, and for how much.
CREATE TABLE books (
    book_id    uuid PRIMARY KEY,
    version    bigint NOT NULL,
    title      text NOT NULL,
    is_free    boolean NOT NULL,
    on_sale    boolean NOT NULL,
    -- [{"amount": 2500, "currency": "XOF"}, …]
    prices     jsonb NOT NULL
);

-- What reading says of who may read what.
CREATE TABLE entitlements (
    user_id  uuid NOT NULL,
    book_id  uuid NOT NULL,
    granted  boolean NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (user_id, book_id)
);

CREATE TABLE plans (
    code     text PRIMARY KEY,
    -- What access tokens say of whoever subscribed: plan("premium").
    tier     text NOT NULL,
    name_fr  text NOT NULL,
    name_en  text NOT NULL,
    days     integer NOT NULL CHECK (days > 0),
    prices   jsonb NOT NULL,
    position integer NOT NULL
);
INSERT INTO plans VALUES
    ('premium-monthly', 'premium', 'Premium, un mois', 'Premium, one month', 30,
     '[{"amount": 2500, "currency": "XOF"}, {"amount": 399, "currency": "EUR"}, {"amount": 449, "currency": "USD"}]', 1),
    ('premium-yearly', 'premium', 'Premium, un an', 'Premium, one year', 365,
     '[{"amount": 25000, "currency": "XOF"}, {"amount": 3990, "currency": "EUR"}, {"amount": 4490, "currency": "USD"}]', 2);

CREATE TABLE subscriptions (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL,
    plan_code    text NOT NULL REFERENCES plans (code),
    status       text NOT NULL CHECK (status IN ('ACTIVE', 'CANCELLED', 'EXPIRED')),
    period_start timestamptz NOT NULL,
    period_end   timestamptz NOT NULL,
    CHECK (period_start < period_end)
);
CREATE UNIQUE INDEX subscriptions_running ON subscriptions (user_id) WHERE status <> 'EXPIRED';
CREATE INDEX subscriptions_due ON subscriptions (period_end) WHERE status <> 'EXPIRED';

CREATE TABLE orders (
    id              uuid PRIMARY KEY,
    user_id         uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('BOOK', 'SUBSCRIPTION', 'TOP_UP')),
    book_id         uuid,
    plan_code       text REFERENCES plans (code),
    -- What is bought, and for how much, as it was when the order was made.
    title           text NOT NULL,
    amount          bigint NOT NULL CHECK (amount > 0),
    currency        text NOT NULL CHECK (currency IN ('XOF', 'EUR', 'USD')),
    status          text NOT NULL CHECK (status IN
                        ('PENDING', 'AWAITING_PAYER', 'PAID', 'FULFILLED', 'CANCELLED', 'REFUNDING', 'REFUNDED')),
    paid_attempt_id uuid,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    -- The timer of the purchase: when the order expires, or when its grant is asked for again.
    due_at          timestamptz,
    CHECK ((kind = 'BOOK') = (book_id IS NOT NULL)),
    CHECK ((kind = 'SUBSCRIPTION') = (plan_code IS NOT NULL)),
    CHECK ((status IN ('PAID', 'FULFILLED', 'REFUNDING', 'REFUNDED')) = (paid_attempt_id IS NOT NULL))
);
-- The reservation: nobody has two running orders for the same book.
CREATE UNIQUE INDEX orders_reservation ON orders (user_id, book_id)
    WHERE kind = 'BOOK' AND status IN ('PENDING', 'AWAITING_PAYER', 'PAID', 'FULFILLED', 'REFUNDING');
CREATE INDEX orders_newest ON orders (user_id, created_at DESC, id DESC);
CREATE INDEX orders_due ON orders (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE attempts (
    id               uuid PRIMARY KEY,
    order_id         uuid NOT NULL REFERENCES orders (id),
    provider         text NOT NULL CHECK (provider IN ('WAVE', 'ORANGE_MONEY', 'STRIPE', 'PAYPAL', 'WALLET')),
    status           text NOT NULL CHECK (status IN ('CREATED', 'AWAITING_PAYER', 'SUCCEEDED', 'FAILED')),
    -- What the provider is asked to take, in a currency that it takes.
    charged_amount   bigint NOT NULL CHECK (charged_amount > 0),
    charged_currency text NOT NULL CHECK (charged_currency IN ('XOF', 'EUR', 'USD')),
    checkout_url     text,
    -- The provider's own ids and tokens, sealed with AES-256-GCM.
    references_sealed bytea,
    -- A keyed hash of the token by which an unsigned notice names the attempt.
    notice_index     bytea,
    failure          text,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    -- When the provider is asked next, and how often it was.
    check_at         timestamptz,
    checks           integer NOT NULL DEFAULT 0,
    -- When the provider's books were last compared with ours.
    reconciled_at    timestamptz
);
CREATE INDEX attempts_by_order ON attempts (order_id, created_at);
CREATE UNIQUE INDEX attempts_notice ON attempts (provider, notice_index) WHERE notice_index IS NOT NULL;
CREATE INDEX attempts_due ON attempts (check_at) WHERE check_at IS NOT NULL;
CREATE INDEX attempts_to_reconcile ON attempts (updated_at) WHERE reconciled_at IS NULL AND check_at IS NULL;

CREATE TABLE refunds (
    id         uuid PRIMARY KEY,
    order_id   uuid NOT NULL REFERENCES orders (id),
    attempt_id uuid NOT NULL UNIQUE REFERENCES attempts (id),
    reason     text NOT NULL CHECK (reason IN ('REQUESTED', 'GRANT_IMPOSSIBLE', 'DUPLICATE', 'MISMATCH')),
    status     text NOT NULL CHECK (status IN ('PENDING', 'MANUAL', 'DONE')),
    created_at timestamptz NOT NULL,
    due_at     timestamptz,
    tries      integer NOT NULL DEFAULT 0,
    done_at    timestamptz
);
CREATE INDEX refunds_due ON refunds (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX refunds_by_order ON refunds (order_id);

CREATE TABLE wallets (
    user_id  uuid NOT NULL,
    currency text NOT NULL CHECK (currency IN ('XOF', 'EUR', 'USD')),
    balance  bigint NOT NULL CHECK (balance >= 0),
    PRIMARY KEY (user_id, currency)
);

-- Double entry: a journal is one event of the books, its entries sum to zero in every currency.
CREATE TABLE journals (
    id         uuid PRIMARY KEY,
    -- The step that wrote it, so that a step that is repeated writes it once: capture:<attempt>, refund:<refund>.
    step       text NOT NULL UNIQUE,
    order_id   uuid NOT NULL REFERENCES orders (id),
    created_at timestamptz NOT NULL
);
CREATE INDEX journals_by_order ON journals (order_id);

CREATE TABLE ledger_entries (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    journal_id uuid NOT NULL REFERENCES journals (id),
    account    text NOT NULL,
    -- Debits are positive, credits negative, in the currency's minor unit.
    amount     bigint NOT NULL CHECK (amount <> 0),
    currency   text NOT NULL CHECK (currency IN ('XOF', 'EUR', 'USD'))
);
CREATE INDEX ledger_entries_by_journal ON ledger_entries (journal_id);
CREATE INDEX ledger_entries_by_account ON ledger_entries (account, currency);

CREATE FUNCTION ledger_entry_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger_entries WHERE journal_id = NEW.journal_id GROUP BY currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'journal % does not balance', NEW.journal_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION journal_has_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_entries WHERE journal_id = NEW.id) THEN
        RAISE EXCEPTION 'journal % has no entries', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER ledger_entry_balanced AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_balanced();
CREATE CONSTRAINT TRIGGER journal_has_entries AFTER INSERT ON journals
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_has_entries();

-- What was booked stays booked; a mistake is reversed by another journal.
CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER journals_append_only BEFORE UPDATE OR DELETE ON journals
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

-- Providers' notices as they came, once each; a worker reads them.
CREATE TABLE notices (
    id          uuid PRIMARY KEY,
    provider    text NOT NULL,
    event_id    text NOT NULL,
    body_sealed bytea NOT NULL,
    status      text NOT NULL CHECK (status IN ('NEW', 'DONE', 'UNKNOWN')),
    received_at timestamptz NOT NULL,
    due_at      timestamptz,
    tries       integer NOT NULL DEFAULT 0,
    UNIQUE (provider, event_id)
);
CREATE INDEX notices_due ON notices (due_at) WHERE due_at IS NOT NULL;
