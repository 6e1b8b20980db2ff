-- Keys by which a client may repeat a mutation that costs money or sends something.

CREATE TABLE idempotency (
    owner       TEXT        NOT NULL,
    key         TEXT        NOT NULL,
    -- SHA-256 of the mutation's name and input: the same key with another one is refused.
    digest      BYTEA       NOT NULL,
    -- What the first call made.
    subject     UUID        NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_created_at ON idempotency (created_at);
