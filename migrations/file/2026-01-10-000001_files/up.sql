-- Files, how they come in, what is still to be done with them, and who may have them.

CREATE TABLE files (
    id            uuid PRIMARY KEY,
    -- The account that uploaded it; null once that account is gone and the book keeps the file.
    owner_id      uuid,
    -- Uploaded by someone who may edit every book, so that nobody need check whose book it is.
    by_staff      boolean NOT NULL,
    kind          text NOT NULL,
    book_id       uuid,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    -- What the client said it is, and what its bytes say.
    declared_type text NOT NULL,
    media_type    text,
    byte_size     bigint NOT NULL CHECK (byte_size > 0),
    sha256        bytea NOT NULL CHECK (length(sha256) = 32),
    status        text NOT NULL,
    -- Why it was rejected.
    reason        text,
    -- What was found in it: metadata, table of contents, validation report, widths of pictures.
    details       jsonb NOT NULL DEFAULT '{}',
    -- Bytes of the upload that are stored for good.
    received      bigint NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND byte_size),
    -- Pieces that they came in.
    parts         integer NOT NULL DEFAULT 0,
    -- When an upload that is not completed is forgotten.
    expires_at    timestamptz NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);
CREATE INDEX files_by_owner ON files (owner_id, created_at DESC, id DESC);
CREATE INDEX files_by_book ON files (book_id) WHERE book_id IS NOT NULL;
CREATE INDEX files_expiring ON files (expires_at) WHERE status = 'PENDING';

-- The stored pieces of an upload, in the order of their first byte.
CREATE TABLE upload_parts (
    file_id    uuid   NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    first_byte bigint NOT NULL CHECK (first_byte >= 0),
    length     bigint NOT NULL CHECK (length > 0),
    object     text   NOT NULL,
    PRIMARY KEY (file_id, first_byte)
);

-- Files to be processed. A worker holds a job by its lease; one that dies leaves it to the next.
CREATE TABLE jobs (
    file_id      uuid PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE,
    attempts     integer NOT NULL DEFAULT 0,
    next_at      timestamptz NOT NULL,
    lease        uuid,
    request_id   text NOT NULL,
    traceparent  text
);
CREATE INDEX jobs_due ON jobs (next_at);

-- Objects to be removed from the storage, by the beginning of their names.
CREATE TABLE purges (
    prefix  text PRIMARY KEY,
    next_at timestamptz NOT NULL
);
CREATE INDEX purges_due ON purges (next_at);

-- Who may have the files of which book, as reading said last.
CREATE TABLE grants (
    user_id uuid NOT NULL,
    book_id uuid NOT NULL,
    granted boolean NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (user_id, book_id)
);

-- Links to whole files that were given out, and when each was first used.
CREATE TABLE downloads (
    id         uuid PRIMARY KEY,
    file_id    uuid NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL,
    created_at timestamptz NOT NULL,
    started_at timestamptz
);
CREATE INDEX downloads_by_user ON downloads (user_id);
CREATE INDEX downloads_by_file ON downloads (file_id);
CREATE INDEX downloads_by_age ON downloads (created_at);

-- Downloads that run now. Each is renewed while it runs, so that a process that dies frees its readers' places.
CREATE TABLE transfers (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX transfers_by_user ON transfers (user_id, expires_at);
CREATE INDEX transfers_expired ON transfers (expires_at);
