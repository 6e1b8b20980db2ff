-- What readers did, what it is worth, and what they reached by it.

-- Thresholds of levels; the first is where everyone begins.
CREATE TABLE levels (
    number  integer PRIMARY KEY CHECK (number > 0),
    points  bigint NOT NULL UNIQUE CHECK (points >= 0),
    name_fr text NOT NULL,
    name_en text NOT NULL
);
INSERT INTO levels (number, points, name_fr, name_en) VALUES
    (1, 0, 'Curieux', 'Curious'),
    (2, 50, 'Lecteur', 'Reader'),
    (3, 150, 'Lecteur assidu', 'Regular reader'),
    (4, 350, 'Passionné', 'Enthusiast'),
    (5, 700, 'Dévoreur de livres', 'Bookworm'),
    (6, 1200, 'Connaisseur', 'Connoisseur'),
    (7, 2000, 'Érudit', 'Scholar'),
    (8, 3200, 'Conteur', 'Storyteller'),
    (9, 5000, 'Griot', 'Griot'),
    (10, 8000, 'Gardien des livres', 'Keeper of books');

-- One row a reader. Whoever writes anything of a reader's locks it first.
CREATE TABLE players (
    user_id          uuid PRIMARY KEY,
    country          text CHECK (country ~ '^[A-Z]{2}$'),
    time_zone        text NOT NULL DEFAULT 'UTC',
    privacy          text NOT NULL DEFAULT 'PUBLIC' CHECK (privacy IN ('PUBLIC', 'FOLLOWERS', 'PRIVATE')),
    -- When auth said the three above.
    profile_at       timestamptz NOT NULL DEFAULT '-infinity',
    opted_out        boolean NOT NULL DEFAULT false,
    points           bigint NOT NULL DEFAULT 0,
    level            integer NOT NULL DEFAULT 1,
    books_completed  integer NOT NULL DEFAULT 0,
    books_purchased  integer NOT NULL DEFAULT 0,
    reviews_posted   integer NOT NULL DEFAULT 0,
    reading_days     integer NOT NULL DEFAULT 0,
    seconds_read     bigint NOT NULL DEFAULT 0,
    challenges       integer NOT NULL DEFAULT 0,
    -- The most days of reading in a row, freezes apart.
    longest_row      integer NOT NULL DEFAULT 0,
    -- The streak that ends with its newest day, freezes included.
    streak_days      integer NOT NULL DEFAULT 0,
    streak_end       date,
    streak_longest   integer NOT NULL DEFAULT 0,
    freezes          integer NOT NULL DEFAULT 0,
    -- The account is gone; nothing else of it is kept.
    deleted_at       timestamptz
);

-- What happened, once for each moment at which it is said to have happened: a book may be said to be finished twice.
CREATE TABLE facts (
    user_id uuid NOT NULL,
    kind    text NOT NULL CHECK (kind IN ('ACCOUNT_REGISTERED', 'BOOK_COMPLETED', 'BOOK_PURCHASED', 'REVIEW_POSTED', 'READING_DAY')),
    -- The book, the order, the review, or the day.
    source  text NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (user_id, kind, source, at)
);
CREATE INDEX facts_by_moment ON facts (user_id, kind, at);

-- Seconds of reading in each book, the most that was ever told.
CREATE TABLE reading_times (
    user_id uuid NOT NULL,
    book_id uuid NOT NULL,
    seconds bigint NOT NULL CHECK (seconds >= 0),
    PRIMARY KEY (user_id, book_id)
);

-- What is worth points. A rule that changes is retired and followed by another: what was booked stays.
CREATE TABLE point_rules (
    code    text PRIMARY KEY,
    kind    text NOT NULL,
    points  integer NOT NULL CHECK (points > 0),
    retired boolean NOT NULL DEFAULT false
);
CREATE INDEX point_rules_by_kind ON point_rules (kind) WHERE NOT retired;
INSERT INTO point_rules (code, kind, points) VALUES
    ('welcome.v1', 'ACCOUNT_REGISTERED', 10),
    ('book-completed.v1', 'BOOK_COMPLETED', 100),
    ('book-purchased.v1', 'BOOK_PURCHASED', 20),
    ('review-posted.v1', 'REVIEW_POSTED', 30),
    ('reading-day.v1', 'READING_DAY', 10),
    ('half-hour-read.v1', 'HALF_HOUR_READ', 5);

-- The points ledger: whatever is told again is booked once.
CREATE TABLE ledger (
    user_id uuid NOT NULL,
    rule    text NOT NULL REFERENCES point_rules (code),
    -- What earned them: as in facts, or <book>:<number of the half hour>.
    source  text NOT NULL,
    points  integer NOT NULL,
    -- The first moment at which it is said to have happened.
    at      timestamptz NOT NULL,
    PRIMARY KEY (user_id, rule, source)
);
CREATE INDEX ledger_newest ON ledger (user_id, at DESC, rule DESC, source DESC);

-- Sums of the ledger, by week and month in UTC and of all time.
CREATE TABLE scores (
    user_id uuid NOT NULL,
    period  text NOT NULL CHECK (period IN ('WEEK', 'MONTH', 'ALL_TIME')),
    starts  date NOT NULL,
    points  bigint NOT NULL,
    -- Of the player, so that boards are read from one index.
    country text,
    hidden  boolean NOT NULL,
    PRIMARY KEY (user_id, period, starts)
);
CREATE INDEX scores_board ON scores (period, starts, points DESC, user_id DESC) WHERE NOT hidden AND points > 0;
CREATE INDEX scores_country ON scores (period, starts, country, points DESC, user_id DESC) WHERE NOT hidden AND points > 0;

-- Badges and what they are for. The newest version counts; what was awarded by an older one stays.
CREATE TABLE badges (
    code           text NOT NULL,
    version        integer NOT NULL CHECK (version > 0),
    -- {"atLeast": {"metric": "BOOKS_COMPLETED", "count": 5}}, {"all": […]}, {"any": […]}
    rule           jsonb NOT NULL,
    position       integer NOT NULL,
    name_fr        text NOT NULL,
    name_en        text NOT NULL,
    description_fr text NOT NULL,
    description_en text NOT NULL,
    -- Awarded to nobody any more, and shown to those who have it.
    retired        boolean NOT NULL DEFAULT false,
    PRIMARY KEY (code, version)
);
INSERT INTO badges (code, version, position, rule, name_fr, name_en, description_fr, description_en) VALUES
    ('first-book', 1, 1, '{"atLeast": {"metric": "BOOKS_COMPLETED", "count": 1}}',
     'Premier livre', 'First book', 'Terminer un livre.', 'Finish a book.'),
    ('five-books', 1, 2, '{"atLeast": {"metric": "BOOKS_COMPLETED", "count": 5}}',
     'Cinq livres', 'Five books', 'Terminer cinq livres.', 'Finish five books.'),
    ('twenty-five-books', 1, 3, '{"atLeast": {"metric": "BOOKS_COMPLETED", "count": 25}}',
     'Vingt-cinq livres', 'Twenty-five books', 'Terminer vingt-cinq livres.', 'Finish twenty-five books.'),
    ('hundred-books', 1, 4, '{"atLeast": {"metric": "BOOKS_COMPLETED", "count": 100}}',
     'Cent livres', 'A hundred books', 'Terminer cent livres.', 'Finish a hundred books.'),
    ('week-of-reading', 1, 5, '{"atLeast": {"metric": "LONGEST_ROW", "count": 7}}',
     'Une semaine de lecture', 'A week of reading', 'Lire sept jours de suite.', 'Read seven days in a row.'),
    ('month-of-reading', 1, 6, '{"atLeast": {"metric": "LONGEST_ROW", "count": 30}}',
     'Un mois de lecture', 'A month of reading', 'Lire trente jours de suite.', 'Read thirty days in a row.'),
    ('year-of-reading', 1, 7, '{"atLeast": {"metric": "READING_DAYS", "count": 365}}',
     'Trois cent soixante-cinq jours', 'Three hundred and sixty-five days', 'Lire pendant 365 jours.', 'Read on 365 days.'),
    ('ten-hours', 1, 8, '{"atLeast": {"metric": "MINUTES_READ", "count": 600}}',
     'Dix heures', 'Ten hours', 'Lire pendant dix heures.', 'Read for ten hours.'),
    ('hundred-hours', 1, 9, '{"atLeast": {"metric": "MINUTES_READ", "count": 6000}}',
     'Cent heures', 'A hundred hours', 'Lire pendant cent heures.', 'Read for a hundred hours.'),
    ('first-review', 1, 10, '{"atLeast": {"metric": "REVIEWS_POSTED", "count": 1}}',
     'Premier avis', 'First review', 'Publier un avis.', 'Post a review.'),
    ('critic', 1, 11, '{"all": [{"atLeast": {"metric": "REVIEWS_POSTED", "count": 10}}, {"atLeast": {"metric": "BOOKS_COMPLETED", "count": 10}}]}',
     'Critique', 'Critic', 'Terminer dix livres et publier dix avis.', 'Finish ten books and post ten reviews.'),
    ('patron', 1, 12, '{"atLeast": {"metric": "BOOKS_PURCHASED", "count": 10}}',
     'Mécène', 'Patron', 'Acheter dix livres.', 'Buy ten books.'),
    ('challenger', 1, 13, '{"any": [{"atLeast": {"metric": "CHALLENGES_COMPLETED", "count": 3}}, {"atLeast": {"metric": "LEVEL", "count": 7}}]}',
     'Challengeur', 'Challenger', 'Réussir trois défis, ou atteindre le niveau 7.', 'Complete three challenges, or reach level 7.');

-- What a reader reached: each thing once.
CREATE TABLE achievements (
    id      uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    kind    text NOT NULL CHECK (kind IN ('BADGE', 'LEVEL', 'CHALLENGE')),
    -- The badge's code, the level's number, the challenge's id.
    subject text NOT NULL,
    -- The version of the badge's rule.
    version integer NOT NULL,
    at      timestamptz NOT NULL,
    UNIQUE (user_id, kind, subject)
);
CREATE INDEX achievements_newest ON achievements (user_id, at DESC, id DESC);

-- Challenges that the platform itself holds again and again.
CREATE TABLE challenge_templates (
    code           text PRIMARY KEY,
    period         text NOT NULL CHECK (period IN ('WEEK', 'MONTH')),
    metric         text NOT NULL,
    target         integer NOT NULL CHECK (target > 0),
    title_fr       text NOT NULL,
    title_en       text NOT NULL,
    description_fr text NOT NULL,
    description_en text NOT NULL,
    retired        boolean NOT NULL DEFAULT false
);
INSERT INTO challenge_templates (code, period, metric, target, title_fr, title_en, description_fr, description_en) VALUES
    ('monthly-books', 'MONTH', 'BOOKS_COMPLETED', 2, 'Deux livres ce mois-ci', 'Two books this month',
     'Terminez deux livres avant la fin du mois.', 'Finish two books before the month ends.'),
    ('weekly-days', 'WEEK', 'READING_DAYS', 5, 'Cinq jours de lecture', 'Five days of reading',
     'Lisez cinq jours de cette semaine.', 'Read on five days of this week.'),
    ('monthly-reviews', 'MONTH', 'REVIEWS_POSTED', 3, 'Trois avis', 'Three reviews',
     'Partagez trois avis ce mois-ci.', 'Share three reviews this month.');

CREATE TABLE challenges (
    id             uuid PRIMARY KEY,
    -- <template>:<first day>; none for readers' own.
    code           text UNIQUE,
    -- Who made it; none for the platform's own.
    creator_id     uuid,
    metric         text NOT NULL CHECK (metric IN ('BOOKS_COMPLETED', 'READING_DAYS', 'REVIEWS_POSTED')),
    target         integer NOT NULL CHECK (target BETWEEN 1 AND 10000),
    starts_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL,
    privacy        text NOT NULL CHECK (privacy IN ('PUBLIC', 'FOLLOWERS', 'PRIVATE')),
    -- Opens a private challenge to whoever was given it.
    invitation     text,
    title_fr       text NOT NULL,
    title_en       text NOT NULL,
    description_fr text NOT NULL,
    description_en text NOT NULL,
    participants   integer NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL,
    cancelled_at   timestamptz,
    CHECK (starts_at < ends_at),
    CHECK ((privacy = 'PUBLIC') = (creator_id IS NULL)),
    CHECK ((code IS NULL) = (creator_id IS NOT NULL)),
    CHECK ((invitation IS NOT NULL) = (privacy = 'PRIVATE'))
);
CREATE INDEX challenges_public ON challenges (ends_at, id) WHERE privacy = 'PUBLIC' AND cancelled_at IS NULL;
CREATE INDEX challenges_by_creator ON challenges (creator_id, ends_at, id) WHERE creator_id IS NOT NULL;
CREATE INDEX challenges_for_followers ON challenges (creator_id, ends_at, id) WHERE privacy = 'FOLLOWERS' AND cancelled_at IS NULL;

CREATE TABLE participants (
    challenge_id uuid NOT NULL REFERENCES challenges (id) ON DELETE CASCADE,
    user_id      uuid NOT NULL,
    joined_at    timestamptz NOT NULL,
    completed_at timestamptz,
    PRIMARY KEY (challenge_id, user_id)
);
CREATE INDEX participants_by_user ON participants (user_id, challenge_id);
CREATE INDEX participants_first ON participants (challenge_id, joined_at, user_id);

-- Who follows whom, as community last said.
CREATE TABLE follows (
    follower_id uuid NOT NULL,
    user_id     uuid NOT NULL,
    following   boolean NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (follower_id, user_id)
);
CREATE INDEX follows_of ON follows (user_id) WHERE following;

-- Players whose scores are to be carried to Redis, where boards are kept in it.
CREATE TABLE board_changes (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id uuid NOT NULL,
    -- The country on whose boards the player may stand.
    country text
);
