-- What can be recommended, what readers did with it, and what they said of it.

-- Books as catalog last told them. Read model.
CREATE TABLE books (
    id              uuid PRIMARY KEY,
    version         bigint NOT NULL,
    title           text NOT NULL,
    description     text NOT NULL,
    language        text NOT NULL,
    category_ids    uuid[] NOT NULL,
    contributor_ids uuid[] NOT NULL,
    series_id       uuid,
    published_at    timestamptz,
    -- Whether readers can find it.
    is_available    boolean NOT NULL,
    -- When it was heard of here, for whoever keeps the shelf in memory.
    changed_at      timestamptz NOT NULL
);
CREATE INDEX books_changed ON books (changed_at, id);
CREATE INDEX books_gone ON books (id) WHERE NOT is_available;

-- One row a reader. Whoever writes anything of a reader's locks it first.
CREATE TABLE readers (
    user_id    uuid PRIMARY KEY,
    -- Categories that they said to like.
    interests  uuid[] NOT NULL DEFAULT '{}',
    -- The account is gone; nothing else of it is kept.
    deleted_at timestamptz
);

-- What each reader did with each book. Read model: every column comes to the same in whatever order it is told.
CREATE TABLE interactions (
    user_id      uuid NOT NULL,
    book_id      uuid NOT NULL,
    -- The newest purchase and the newest refund.
    purchased_at timestamptz,
    refunded_at  timestamptz,
    -- The first moment at which it is said to have been read, and the furthest place, 0 to 1.
    started_at   timestamptz,
    furthest     double precision NOT NULL DEFAULT 0,
    -- The first moment at which it is said to have been finished.
    completed_at timestamptz,
    -- Of the review that stands, 1 to 10.
    half_stars   smallint CHECK (half_stars BETWEEN 1 AND 10),
    rated_at     timestamptz,
    -- The newest of all moments.
    touched_at   timestamptz NOT NULL,
    PRIMARY KEY (user_id, book_id)
);
CREATE INDEX interactions_newest ON interactions (user_id, touched_at DESC, book_id);

-- Reviews with ratings, as community last told them. Read model.
CREATE TABLE reviews (
    review_id  uuid PRIMARY KEY,
    -- None where only its removal was heard of.
    user_id    uuid,
    book_id    uuid NOT NULL,
    half_stars smallint CHECK (half_stars BETWEEN 1 AND 10),
    at         timestamptz NOT NULL DEFAULT '-infinity',
    removed_at timestamptz NOT NULL DEFAULT '-infinity'
);
CREATE INDEX reviews_of_reader ON reviews (user_id, book_id) WHERE user_id IS NOT NULL;

-- How much each book is read, by the hour: the sum of what its interactions are worth. Read model; what is older than any window
-- is dropped.
CREATE TABLE activity (
    hour    timestamptz NOT NULL,
    book_id uuid NOT NULL,
    points  integer NOT NULL,
    PRIMARY KEY (hour, book_id)
);

-- What readers said of recommendations. It is said here and nowhere else, and no rebuilding touches it.
CREATE TABLE feedback (
    user_id    uuid NOT NULL,
    book_id    uuid NOT NULL,
    -- Whether they want such books; none where they did not say.
    likes      boolean,
    decided_at timestamptz,
    -- How often it was shown, an hour apart or more, since they last did something with it.
    shown      integer NOT NULL DEFAULT 0 CHECK (shown >= 0),
    shown_at   timestamptz,
    touched_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, book_id),
    CHECK ((likes IS NULL) = (decided_at IS NULL))
);
CREATE INDEX feedback_newest ON feedback (user_id, touched_at DESC, book_id);
CREATE INDEX feedback_refused ON feedback (user_id, decided_at DESC, book_id) WHERE NOT likes;
