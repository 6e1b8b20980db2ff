-- Invoices and credit notes, numbered without gaps.

-- The last number of each series; its row is locked until the transaction that took a number ends, so that none is lost.
CREATE TABLE invoice_series (
    kind      text NOT NULL CHECK (kind IN ('INVOICE', 'CREDIT_NOTE')),
    year      integer NOT NULL,
    last      bigint NOT NULL CHECK (last > 0),
    -- When it was taken: numbers and dates rise together.
    issued_at timestamptz NOT NULL,
    PRIMARY KEY (kind, year)
);

CREATE TABLE invoices (
    id               uuid PRIMARY KEY,
    kind             text NOT NULL CHECK (kind IN ('INVOICE', 'CREDIT_NOTE')),
    year             integer NOT NULL,
    number           bigint NOT NULL,
    order_id         uuid NOT NULL REFERENCES orders (id),
    user_id          uuid NOT NULL,
    -- The invoice that a credit note undoes.
    cancels_id       uuid REFERENCES invoices (id),
    -- What was bought, and for how much, as it was then.
    subject          text NOT NULL CHECK (subject IN ('BOOK', 'SUBSCRIPTION')),
    title            text NOT NULL,
    amount           bigint NOT NULL CHECK (amount > 0),
    currency         text NOT NULL CHECK (currency IN ('XOF', 'EUR', 'USD')),
    charged_amount   bigint NOT NULL CHECK (charged_amount > 0),
    charged_currency text NOT NULL CHECK (charged_currency IN ('XOF', 'EUR', 'USD')),
    provider         text NOT NULL,
    -- The tax that the amount includes, in hundredths of a percent.
    tax_rate         integer NOT NULL CHECK (tax_rate BETWEEN 0 AND 10000),
    -- Who sold it, as the law wants it named.
    seller           jsonb NOT NULL,
    issued_at        timestamptz NOT NULL,
    UNIQUE (kind, year, number),
    UNIQUE (order_id, kind),
    CHECK ((kind = 'CREDIT_NOTE') = (cancels_id IS NOT NULL))
);
CREATE INDEX invoices_newest ON invoices (user_id, issued_at DESC, id DESC);

-- What was issued stays issued; a mistake is undone by a credit note.
CREATE FUNCTION invoices_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'invoices are append-only' USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER invoices_append_only BEFORE UPDATE OR DELETE ON invoices
    FOR EACH STATEMENT EXECUTE FUNCTION invoices_append_only();
