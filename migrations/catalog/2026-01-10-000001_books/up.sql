-- Books, who made them, where they are shelved, and what they cost.

CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- unaccent() itself is only STABLE, because its dictionary could be altered; naming the dictionary makes the promise
-- that an index and a generated column need.
CREATE FUNCTION catalog_fold(input text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, input)) $$;

-- A fragment that LIKE takes literally, folded as names are.
CREATE FUNCTION catalog_like(fragment text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    AS $$ SELECT replace(replace(replace(catalog_fold(fragment), '\', '\\'), '%', '\%'), '_', '\_') $$;

-- Grows with the logarithm of use, so that a bestseller leads without drowning everything else. Ratings counted
-- elsewhere (an imported catalogue's) weigh a hundredth of our own.
CREATE FUNCTION catalog_popularity(downloads bigint, ratings bigint, outside_ratings bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    AS $$ SELECT ln(1 + downloads + 3.0 * ratings + outside_ratings / 100.0)::double precision $$;

CREATE TABLE publishers (
    id            uuid PRIMARY KEY,
    slug          text NOT NULL UNIQUE,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    name_sort     text COLLATE "C" NOT NULL GENERATED ALWAYS AS (catalog_fold(name)) STORED,
    description   text,
    website       text,
    country       text CHECK (country ~ '^[A-Z]{2}$'),
    -- The account that answers for the house; others are members.
    owner_user_id uuid,
    version       bigint NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);
CREATE INDEX publishers_by_name ON publishers (name_sort, id);
CREATE INDEX publishers_by_fragment ON publishers USING gin (name_sort gin_trgm_ops);
CREATE INDEX publishers_by_owner ON publishers (owner_user_id);

CREATE TABLE publisher_members (
    publisher_id uuid NOT NULL REFERENCES publishers (id) ON DELETE CASCADE,
    user_id      uuid NOT NULL,
    added_at     timestamptz NOT NULL,
    PRIMARY KEY (publisher_id, user_id)
);
CREATE INDEX publisher_members_by_user ON publisher_members (user_id);

CREATE TABLE authors (
    id           uuid PRIMARY KEY,
    slug         text NOT NULL UNIQUE,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    -- As a shelf has it: "Bâ, Mariama".
    sort_name    text NOT NULL,
    name_sort    text COLLATE "C" NOT NULL GENERATED ALWAYS AS (catalog_fold(sort_name)) STORED,
    name_folded  text NOT NULL GENERATED ALWAYS AS (catalog_fold(name)) STORED,
    biography_fr text,
    biography_en text,
    -- Years, negative before the common era.
    born         integer,
    died         integer,
    country      text CHECK (country ~ '^[A-Z]{2}$'),
    photo_url    text,
    created_by   uuid,
    version      bigint NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    CHECK (died >= born)
);
CREATE INDEX authors_by_name ON authors (name_sort, id);
CREATE INDEX authors_by_fragment ON authors USING gin (name_folded gin_trgm_ops);

CREATE TABLE categories (
    id             uuid PRIMARY KEY,
    slug           text NOT NULL UNIQUE,
    parent_id      uuid REFERENCES categories (id),
    -- From the root down to the category itself; kept by the commands that move one.
    path           uuid[] NOT NULL,
    thema          text CHECK (thema ~ '^[A-Z0-9]{1,8}(-[A-Z0-9-]{1,16})?$'),
    name_fr        text NOT NULL,
    name_en        text NOT NULL,
    description_fr text,
    description_en text,
    -- Order among siblings.
    position       integer NOT NULL DEFAULT 0,
    version        bigint NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CHECK (path[array_length(path, 1)] = id)
);
CREATE INDEX categories_by_parent ON categories (parent_id, position, id);
CREATE INDEX categories_by_path ON categories USING gin (path);

CREATE TABLE series (
    id           uuid PRIMARY KEY,
    slug         text NOT NULL UNIQUE,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    name_sort    text COLLATE "C" NOT NULL GENERATED ALWAYS AS (catalog_fold(name)) STORED,
    description  text,
    publisher_id uuid REFERENCES publishers (id),
    created_by   uuid,
    version      bigint NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX series_by_name ON series (name_sort, id);
CREATE INDEX series_by_fragment ON series USING gin (name_sort gin_trgm_ops);
CREATE INDEX series_by_publisher ON series (publisher_id);

CREATE TABLE books (
    id                    uuid PRIMARY KEY,
    slug                  text NOT NULL UNIQUE,
    title                 text NOT NULL CHECK (length(title) BETWEEN 1 AND 300),
    title_sort            text COLLATE "C" NOT NULL GENERATED ALWAYS AS (catalog_fold(title)) STORED,
    subtitle              text,
    description           text,
    -- ISBN-13, digits only; the checksum is verified where it enters.
    isbn                  text CHECK (isbn ~ '^97[89][0-9]{10}$'),
    language              text NOT NULL,
    publication_date      date,
    -- How much of the date is known: the rest of it is the first month or day.
    publication_precision text CHECK (publication_precision IN ('YEAR', 'MONTH', 'DAY')),
    -- A date to sort by: a book without one is older than all that have one.
    publication_sort      date NOT NULL GENERATED ALWAYS AS (coalesce(publication_date, DATE '4713-01-01 BC')) STORED,
    page_count            integer CHECK (page_count BETWEEN 1 AND 100000),
    format                text NOT NULL CHECK (format IN ('EPUB', 'PDF', 'AUDIOBOOK', 'COMIC')),
    publisher_id          uuid REFERENCES publishers (id),
    series_id             uuid REFERENCES series (id),
    series_position       double precision,
    is_free               boolean NOT NULL DEFAULT false,
    is_featured           boolean NOT NULL DEFAULT false,
    status                text NOT NULL CHECK (status IN ('DRAFT', 'PUBLISHED', 'WITHDRAWN')),
    -- Public links made by the file service: {"160": url, ...}; NULL means the generated cover.
    cover                 jsonb,
    sample_url            text,
    metadata              jsonb NOT NULL DEFAULT '{}',
    -- catalog_popularity() of book_stats, here so that lists sort by it from an index.
    popularity            double precision NOT NULL DEFAULT 0,
    created_by            uuid,
    version               bigint NOT NULL DEFAULT 1,
    published_at          timestamptz,
    deleted_at            timestamptz,
    created_at            timestamptz NOT NULL,
    updated_at            timestamptz NOT NULL,
    CHECK ((publication_date IS NULL) = (publication_precision IS NULL)),
    CHECK (series_position IS NULL OR series_id IS NOT NULL),
    CHECK (status <> 'PUBLISHED' OR published_at IS NOT NULL)
);
-- A deleted book gives its ISBN back.
CREATE UNIQUE INDEX books_by_isbn ON books (isbn) WHERE deleted_at IS NULL;
-- One index per order in which readers walk through the shelf.
CREATE INDEX books_on_shelf_by_popularity ON books (popularity, id) WHERE status = 'PUBLISHED' AND deleted_at IS NULL;
CREATE INDEX books_on_shelf_by_arrival ON books (published_at, id) WHERE status = 'PUBLISHED' AND deleted_at IS NULL;
CREATE INDEX books_on_shelf_by_title ON books (title_sort, id) WHERE status = 'PUBLISHED' AND deleted_at IS NULL;
CREATE INDEX books_on_shelf_by_date ON books (publication_sort, id) WHERE status = 'PUBLISHED' AND deleted_at IS NULL;
CREATE INDEX books_featured ON books (popularity, id)
    WHERE is_featured AND status = 'PUBLISHED' AND deleted_at IS NULL;
CREATE INDEX books_by_publisher ON books (publisher_id);
CREATE INDEX books_by_series ON books (series_id, series_position, id);
CREATE INDEX books_by_creator ON books (created_by) WHERE created_by IS NOT NULL;

CREATE TABLE book_contributors (
    book_id   uuid NOT NULL REFERENCES books (id) ON DELETE CASCADE,
    author_id uuid NOT NULL REFERENCES authors (id),
    role      text NOT NULL,
    position  integer NOT NULL,
    PRIMARY KEY (book_id, author_id, role)
);
CREATE INDEX book_contributors_by_author ON book_contributors (author_id, book_id);

CREATE TABLE book_categories (
    book_id     uuid NOT NULL REFERENCES books (id) ON DELETE CASCADE,
    category_id uuid NOT NULL REFERENCES categories (id),
    position    integer NOT NULL,
    PRIMARY KEY (book_id, category_id)
);
CREATE INDEX book_categories_by_category ON book_categories (category_id, book_id);

CREATE TABLE book_prices (
    book_id  uuid NOT NULL REFERENCES books (id) ON DELETE CASCADE,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- Minor units.
    amount   bigint NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (book_id, currency)
);

CREATE TABLE book_stats (
    book_id         uuid PRIMARY KEY REFERENCES books (id) ON DELETE CASCADE,
    downloads       bigint NOT NULL DEFAULT 0,
    -- Half stars.
    rating_sum      bigint NOT NULL DEFAULT 0,
    rating_count    bigint NOT NULL DEFAULT 0,
    review_count    bigint NOT NULL DEFAULT 0,
    -- Ratings counted elsewhere before the import.
    outside_ratings bigint NOT NULL DEFAULT 0
);

-- What community says of each review; the aggregate is the sum of these rows, so no order or repetition of events distorts it.
CREATE TABLE book_reviews (
    review_id  uuid PRIMARY KEY,
    book_id    uuid NOT NULL,
    half_stars smallint CHECK (half_stars BETWEEN 1 AND 10),
    has_text   boolean NOT NULL,
    removed    boolean NOT NULL DEFAULT false,
    at         timestamptz NOT NULL
);
CREATE INDEX book_reviews_by_book ON book_reviews (book_id);

-- Where an imported book came from; the hash of the imported record tells whether it changed since.
CREATE TABLE book_sources (
    source       text NOT NULL,
    source_id    text NOT NULL,
    book_id      uuid NOT NULL REFERENCES books (id) ON DELETE CASCADE,
    content_hash bytea NOT NULL,
    imported_at  timestamptz NOT NULL,
    PRIMARY KEY (source, source_id)
);
CREATE INDEX book_sources_by_book ON book_sources (book_id);
