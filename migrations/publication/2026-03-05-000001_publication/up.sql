-- Organisations, manuscripts on their way to readers, contracts, and what is owed to whom.

CREATE TABLE organizations (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('PUBLISHER', 'AUTHOR')),
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    country    text CHECK (country ~ '^[A-Z]{2}$'),
    version    bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
-- Nobody takes the name of another, in whatever case it is written.
CREATE UNIQUE INDEX organizations_by_name ON organizations (lower(name));

CREATE TABLE members (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    user_id         uuid NOT NULL,
    role            text NOT NULL CHECK (role IN ('OWNER', 'EDITOR', 'FINANCE')),
    added_at        timestamptz NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id, added_at DESC, organization_id DESC);

CREATE TABLE manuscripts (
    id              uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations (id),
    -- The book that catalog makes of it; files are uploaded for it before it exists.
    book_id         uuid NOT NULL UNIQUE,
    title           text NOT NULL CHECK (length(title) BETWEEN 1 AND 300),
    subtitle        text,
    description     text,
    language        text NOT NULL,
    isbn            text,
    -- ["Awa Ndiaye"], ["romans"], [{"amount": 2500, "currency": "XOF"}]
    authors         jsonb NOT NULL,
    categories      jsonb NOT NULL,
    prices          jsonb NOT NULL,
    status          text NOT NULL CHECK (status IN
                        ('DRAFT', 'SUBMITTED', 'IN_REVIEW', 'CHANGES_REQUESTED', 'APPROVED', 'SCHEDULED', 'PUBLISHED', 'WITHDRAWN')),
    -- Rises with every change; whoever changes it says which one they saw.
    version         bigint NOT NULL DEFAULT 1,
    -- Rises with whatever is said of it to other domains.
    revision        bigint NOT NULL DEFAULT 0,
    created_by      uuid NOT NULL,
    -- The ONIX record that it was imported from.
    onix_reference  text,
    onix_digest     bytea,
    submitted_at    timestamptz,
    publish_at      timestamptz,
    published_at    timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CHECK ((status = 'SCHEDULED') = (publish_at IS NOT NULL)),
    UNIQUE (organization_id, onix_reference)
);
CREATE INDEX manuscripts_newest ON manuscripts (organization_id, created_at DESC, id DESC);
CREATE INDEX manuscripts_to_review ON manuscripts (submitted_at, id) WHERE status IN ('SUBMITTED', 'IN_REVIEW');
CREATE INDEX manuscripts_due ON manuscripts (publish_at) WHERE status = 'SCHEDULED';
-- An ISBN names one book.
CREATE UNIQUE INDEX manuscripts_by_isbn ON manuscripts (isbn) WHERE isbn IS NOT NULL;

CREATE TABLE manuscript_versions (
    id            uuid PRIMARY KEY,
    manuscript_id uuid NOT NULL REFERENCES manuscripts (id),
    number        integer NOT NULL CHECK (number > 0),
    file_id       uuid NOT NULL,
    notes         text,
    created_by    uuid NOT NULL,
    created_at    timestamptz NOT NULL,
    UNIQUE (manuscript_id, number)
);
CREATE INDEX manuscript_versions_newest ON manuscript_versions (manuscript_id, created_at DESC, id DESC);

-- What the file service found in files that were uploaded for a manuscript's book.
CREATE TABLE manuscript_files (
    file_id       uuid PRIMARY KEY,
    manuscript_id uuid NOT NULL REFERENCES manuscripts (id),
    kind          text NOT NULL,
    status        text NOT NULL CHECK (status IN ('READY', 'REJECTED')),
    -- Why it was rejected.
    reason        text,
    media_type    text,
    page_count    integer,
    -- [{"severity": "ERROR", "code": "missing-title", "path": "OEBPS/package.opf"}]
    findings      jsonb NOT NULL,
    -- [{"width": 160, "url": "https://…"}]
    images        jsonb NOT NULL,
    public_url    text,
    uploaded_by   uuid,
    at            timestamptz NOT NULL
);
CREATE INDEX manuscript_files_newest ON manuscript_files (manuscript_id, kind, at DESC, file_id DESC);
CREATE INDEX manuscript_files_by_uploader ON manuscript_files (uploaded_by);

-- Every step of a manuscript, and what was said about it.
CREATE TABLE manuscript_notes (
    id            uuid PRIMARY KEY,
    manuscript_id uuid NOT NULL REFERENCES manuscripts (id),
    -- Nobody, when the clock did it or whoever did it is gone.
    author_id     uuid,
    -- The state that the step led to; none when it is only a comment.
    status        text,
    body          text,
    at            timestamptz NOT NULL,
    CHECK (status IS NOT NULL OR body IS NOT NULL)
);
CREATE INDEX manuscript_notes_newest ON manuscript_notes (manuscript_id, at DESC, id DESC);
CREATE INDEX manuscript_notes_by_author ON manuscript_notes (author_id);

CREATE TABLE contracts (
    id            uuid PRIMARY KEY,
    manuscript_id uuid NOT NULL REFERENCES manuscripts (id),
    -- ISO 3166-1 countries, ["SN", "CI"]; none is the whole world.
    territory     jsonb NOT NULL,
    starts_on     date NOT NULL,
    -- The last day; none while it is open-ended.
    ends_on       date,
    -- What the platform keeps of a sale, in basis points.
    platform_share integer NOT NULL CHECK (platform_share BETWEEN 0 AND 10000),
    created_by    uuid NOT NULL,
    created_at    timestamptz NOT NULL,
    CHECK (ends_on IS NULL OR ends_on >= starts_on)
);
CREATE INDEX contracts_by_manuscript ON contracts (manuscript_id, starts_on);

CREATE TABLE contract_parties (
    contract_id uuid NOT NULL REFERENCES contracts (id),
    position    integer NOT NULL,
    payee_id    uuid NOT NULL,
    payee_kind  text NOT NULL CHECK (payee_kind IN ('USER', 'ORGANIZATION')),
    -- What they get of what the platform does not keep, in basis points.
    share       integer NOT NULL CHECK (share BETWEEN 1 AND 10000),
    PRIMARY KEY (contract_id, position),
    UNIQUE (contract_id, payee_id)
);
CREATE INDEX contract_parties_by_payee ON contract_parties (payee_id, contract_id);

-- What is shared is shared whole.
CREATE FUNCTION contract_shares_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(share) FROM contract_parties WHERE contract_id = NEW.contract_id) <> 10000 THEN
        RAISE EXCEPTION 'the shares of contract % do not sum to 10000', NEW.contract_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER contract_shares_whole AFTER INSERT OR UPDATE ON contract_parties
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION contract_shares_whole();

-- The accounts there are, and where they are, which is empty when it is not known: contracts have territories.
CREATE TABLE readers (
    user_id uuid PRIMARY KEY,
    country text NOT NULL,
    at      timestamptz NOT NULL
);

-- One row for each order of a book of ours, so that none is counted twice.
CREATE TABLE sales (
    order_id      uuid PRIMARY KEY,
    manuscript_id uuid NOT NULL REFERENCES manuscripts (id),
    status        text NOT NULL CHECK (status IN ('BOOKED', 'REVERSED', 'CANCELLED')),
    amount        bigint NOT NULL CHECK (amount >= 0),
    currency      text NOT NULL CHECK (currency IN ('XOF', 'EUR', 'USD')),
    at            timestamptz NOT NULL
);

-- What a sale or a month's reading earned one payee.
CREATE TABLE accruals (
    id            uuid PRIMARY KEY,
    source        text NOT NULL CHECK (source IN ('SALE', 'READING')),
    order_id      uuid REFERENCES sales (order_id),
    month         date,
    manuscript_id uuid NOT NULL REFERENCES manuscripts (id),
    payee_id      uuid NOT NULL,
    -- Copies sold, or seconds read.
    units         bigint NOT NULL,
    -- What was shared, and this payee's part of it.
    gross         bigint NOT NULL,
    amount        bigint NOT NULL CHECK (amount > 0),
    currency      text NOT NULL CHECK (currency IN ('XOF', 'EUR', 'USD')),
    status        text NOT NULL CHECK (status IN ('ESCROW', 'PAYABLE', 'REVERSED')),
    accrued_at    timestamptz NOT NULL,
    payable_at    timestamptz NOT NULL,
    reversed_at   timestamptz,
    CHECK ((source = 'SALE') = (order_id IS NOT NULL)),
    CHECK ((source = 'READING') = (month IS NOT NULL)),
    CHECK ((status = 'REVERSED') = (reversed_at IS NOT NULL))
);
CREATE INDEX accruals_newest ON accruals (payee_id, accrued_at DESC, id DESC);
CREATE INDEX accruals_by_order ON accruals (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX accruals_due ON accruals (payable_at) WHERE status = 'ESCROW';
CREATE INDEX accruals_reversed ON accruals (payee_id, currency, reversed_at) WHERE reversed_at IS NOT NULL;

-- What is held for each payee, and what is owed to them: negative where more was paid than was earned in the end.
CREATE TABLE balances (
    payee_id uuid NOT NULL,
    currency text NOT NULL CHECK (currency IN ('XOF', 'EUR', 'USD')),
    escrow   bigint NOT NULL DEFAULT 0 CHECK (escrow >= 0),
    payable  bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (payee_id, currency)
);

-- Double entry: a journal is one event of the books, its entries sum to zero in every currency.
CREATE TABLE journals (
    id         uuid PRIMARY KEY,
    -- The step that wrote it, so that a step that is repeated writes it once: sale:<order>, refund:<order>, release:<accrual>.
    step       text NOT NULL UNIQUE,
    -- What it is about: an order, a manuscript, an accrual, a payout.
    subject_id uuid NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX journals_by_subject ON journals (subject_id);

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

-- How long each reader read each book of ours, as reading told it last; it only grows.
CREATE TABLE reading_marks (
    user_id uuid NOT NULL,
    book_id uuid NOT NULL,
    seconds bigint NOT NULL,
    PRIMARY KEY (user_id, book_id)
);

-- A month of reading by subscription: open, then its sum is fixed and shared, then every share is booked.
CREATE TABLE reading_months (
    month   date PRIMARY KEY CHECK (extract(day FROM month) = 1),
    status  text NOT NULL CHECK (status IN ('OPEN', 'SHARED', 'BOOKED')),
    seconds bigint NOT NULL DEFAULT 0,
    -- What all of it is worth.
    amount  bigint NOT NULL DEFAULT 0
);

-- What one reader has read in a month, so that no single one counts for many.
CREATE TABLE reading_shares (
    month   date NOT NULL,
    user_id uuid NOT NULL,
    seconds bigint NOT NULL,
    PRIMARY KEY (month, user_id)
);
CREATE INDEX reading_shares_by_user ON reading_shares (user_id);

-- How long each manuscript was read in a month, by the readers' country, which is empty when it is not known.
CREATE TABLE reading_times (
    month         date NOT NULL REFERENCES reading_months (month),
    manuscript_id uuid NOT NULL REFERENCES manuscripts (id),
    country       text NOT NULL,
    seconds       bigint NOT NULL,
    -- Its part of the month's amount, once that is fixed.
    amount        bigint,
    PRIMARY KEY (month, manuscript_id, country)
);
-- What is fixed and waits to be booked.
CREATE INDEX reading_times_to_book ON reading_times (month, manuscript_id, country) WHERE amount IS NOT NULL;

-- What happened on an account in a month.
CREATE TABLE statements (
    id        uuid PRIMARY KEY,
    payee_id  uuid NOT NULL,
    currency  text NOT NULL CHECK (currency IN ('XOF', 'EUR', 'USD')),
    month     date NOT NULL CHECK (extract(day FROM month) = 1),
    opening   bigint NOT NULL,
    accrued   bigint NOT NULL,
    reversed  bigint NOT NULL,
    paid      bigint NOT NULL,
    closing   bigint NOT NULL,
    issued_at timestamptz NOT NULL,
    UNIQUE (payee_id, currency, month),
    CHECK (closing = opening + accrued - reversed - paid)
);
CREATE INDEX statements_newest ON statements (payee_id, issued_at DESC, id DESC);

CREATE TABLE statement_lines (
    statement_id  uuid NOT NULL REFERENCES statements (id),
    position      integer NOT NULL,
    manuscript_id uuid NOT NULL,
    -- As the manuscript was called then.
    title         text NOT NULL,
    source        text NOT NULL,
    -- Whether the line takes back what was accrued.
    reversal      boolean NOT NULL,
    units         bigint NOT NULL,
    gross         bigint NOT NULL,
    amount        bigint NOT NULL,
    PRIMARY KEY (statement_id, position)
);

-- How far the statements of each month are: the last account that has its own.
CREATE TABLE statement_runs (
    month    date PRIMARY KEY,
    payee_id uuid NOT NULL,
    currency text NOT NULL,
    done     boolean NOT NULL
);

-- What was issued stays issued.
CREATE FUNCTION statements_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'statements are append-only' USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER statements_append_only BEFORE UPDATE OR DELETE ON statements
    FOR EACH STATEMENT EXECUTE FUNCTION statements_append_only();
CREATE TRIGGER statement_lines_append_only BEFORE UPDATE OR DELETE ON statement_lines
    FOR EACH STATEMENT EXECUTE FUNCTION statements_append_only();

CREATE TABLE payouts (
    id           uuid PRIMARY KEY,
    payee_id     uuid NOT NULL,
    requested_by uuid NOT NULL,
    amount       bigint NOT NULL CHECK (amount > 0),
    currency     text NOT NULL CHECK (currency IN ('XOF', 'EUR', 'USD')),
    status       text NOT NULL CHECK (status IN ('REQUESTED', 'PAID', 'REJECTED')),
    -- Whose mobile money account gets it, sealed with AES-256-GCM until a while after it is settled.
    destination_sealed bytea,
    -- The end of its number, by which its owner knows it.
    destination_hint   text NOT NULL,
    -- The transfer's own id, or why it was rejected.
    reference    text,
    settled_by   uuid,
    created_at   timestamptz NOT NULL,
    settled_at   timestamptz,
    CHECK ((status = 'REQUESTED') = (settled_at IS NULL))
);
CREATE INDEX payouts_newest ON payouts (payee_id, created_at DESC, id DESC);
CREATE INDEX payouts_requested ON payouts (id) WHERE status = 'REQUESTED';
CREATE INDEX payouts_paid ON payouts (payee_id, currency, settled_at) WHERE status = 'PAID';
CREATE INDEX payouts_to_forget ON payouts (settled_at) WHERE destination_sealed IS NOT NULL AND settled_at IS NOT NULL;
-- One at a time.
CREATE UNIQUE INDEX payouts_open ON payouts (payee_id, currency) WHERE status = 'REQUESTED';
