-- What readers say to each other, who follows whom, and who keeps it civil.

-- What community knows of an account: the activity that trust is computed from, and what other domains say of it.
CREATE TABLE members (
    user_id          uuid PRIMARY KEY,
    -- The first thing they did here.
    since            timestamptz NOT NULL,
    last_active_on   date,
    active_days      integer NOT NULL DEFAULT 0,
    contributions    integer NOT NULL DEFAULT 0,
    books_opened     integer NOT NULL DEFAULT 0,
    -- Contents of theirs that moderators removed, and what became of their reports.
    removals         integer NOT NULL DEFAULT 0 CHECK (removals >= 0),
    reports_upheld   integer NOT NULL DEFAULT 0 CHECK (reports_upheld >= 0),
    reports_rejected integer NOT NULL DEFAULT 0 CHECK (reports_rejected >= 0),
    suspended        boolean NOT NULL DEFAULT false,
    suspended_at     timestamptz,
    deleted          boolean NOT NULL DEFAULT false,
    privacy          text NOT NULL DEFAULT 'PUBLIC' CHECK (privacy IN ('PUBLIC', 'FOLLOWERS', 'PRIVATE')),
    privacy_at       timestamptz
);

-- What reading says: the furthest place of each reader in each book, 0 to 1.
CREATE TABLE positions (
    user_id  uuid NOT NULL,
    book_id  uuid NOT NULL,
    furthest double precision NOT NULL CHECK (furthest BETWEEN 0 AND 1),
    PRIMARY KEY (user_id, book_id)
);

-- Ids of everything that is listed are UUIDv7, so the newest have the greatest.
CREATE TABLE follows (
    id          uuid NOT NULL UNIQUE,
    follower_id uuid NOT NULL,
    user_id     uuid NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (follower_id, user_id),
    CHECK (follower_id <> user_id)
);
CREATE INDEX follows_of_user ON follows (user_id, id DESC);
CREATE INDEX follows_of_follower ON follows (follower_id, id DESC);

-- Blocks keep two people apart; mutes keep one from hearing the other.
CREATE TABLE barriers (
    id         uuid NOT NULL UNIQUE,
    user_id    uuid NOT NULL,
    other_id   uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('BLOCK', 'MUTE')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, other_id, kind),
    CHECK (user_id <> other_id)
);
CREATE INDEX barriers_newest ON barriers (user_id, kind, id DESC);
CREATE INDEX barriers_of_other ON barriers (other_id);

-- Whether nothing stands between a viewer (none for guests) and what an author wrote.
CREATE FUNCTION community_hears(viewer uuid, author uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT NOT EXISTS (SELECT FROM barriers WHERE user_id = viewer AND other_id = author)
       AND NOT EXISTS (SELECT FROM barriers WHERE user_id = author AND other_id = viewer AND kind = 'BLOCK')
$$;

-- How far a viewer is in a book; guests and those who never opened it are at its beginning.
CREATE FUNCTION community_furthest(viewer uuid, book uuid) RETURNS double precision LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce((SELECT furthest FROM positions WHERE user_id = viewer AND book_id = book), 0)
$$;

CREATE TABLE reviews (
    id         uuid PRIMARY KEY,
    book_id    uuid NOT NULL,
    user_id    uuid NOT NULL,
    half_stars smallint CHECK (half_stars BETWEEN 1 AND 10),
    body       text,
    body_html  text,
    spoiler    boolean NOT NULL,
    status     text NOT NULL CHECK (status IN ('PUBLISHED', 'HIDDEN', 'REMOVED', 'DELETED')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    edits      integer NOT NULL DEFAULT 0,
    CHECK ((body IS NULL) = (body_html IS NULL)),
    CHECK (status = 'DELETED' OR half_stars IS NOT NULL OR body IS NOT NULL)
);
CREATE UNIQUE INDEX reviews_one_per_reader ON reviews (user_id, book_id) WHERE status <> 'DELETED';
CREATE INDEX reviews_newest ON reviews (book_id, id DESC) WHERE status = 'PUBLISHED' AND body IS NOT NULL;
CREATE INDEX reviews_of_user ON reviews (user_id, id DESC);

-- Sums of a book's reviews: how many have each rating; 0 counts those with text.
CREATE TABLE book_ratings (
    book_id    uuid NOT NULL,
    half_stars smallint NOT NULL CHECK (half_stars BETWEEN 0 AND 10),
    count      bigint NOT NULL CHECK (count >= 0),
    PRIMARY KEY (book_id, half_stars)
);

CREATE TABLE forums (
    id             uuid PRIMARY KEY,
    slug           text NOT NULL UNIQUE,
    name_fr        text NOT NULL,
    name_en        text NOT NULL,
    description_fr text NOT NULL,
    description_en text NOT NULL,
    position       integer NOT NULL,
    archived       boolean NOT NULL DEFAULT false
);
INSERT INTO forums (id, slug, name_fr, name_en, description_fr, description_en, position) VALUES
    ('01890a5d-ac96-774b-bcce-b302099a9001', 'lectures', 'Lectures', 'Readings',
     'Ce que vous lisez, et ce que vous en pensez.', 'What you read, and what you think of it.', 1),
    ('01890a5d-ac96-774b-bcce-b302099a9002', 'conseils', 'Conseils', 'Recommendations',
     'Demandez un livre, conseillez-en un.', 'Ask for a book, recommend one.', 2),
    ('01890a5d-ac96-774b-bcce-b302099a9003', 'ecriture', 'Écriture', 'Writing',
     'Entre auteurs, et pour qui veut le devenir.', 'Among authors, and for those who want to become one.', 3),
    ('01890a5d-ac96-774b-bcce-b302099a9004', 'entraide', 'Entraide', 'Help',
     'Questions sur Coko.', 'Questions about Coko.', 4);

CREATE TABLE clubs (
    id           uuid PRIMARY KEY,
    name         text NOT NULL,
    description  text NOT NULL,
    description_html text NOT NULL,
    -- What is read now.
    book_id      uuid,
    access       text NOT NULL CHECK (access IN ('OPEN', 'CLOSED')),
    owner_id     uuid NOT NULL,
    member_count integer NOT NULL CHECK (member_count >= 0),
    disbanded    boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL
);
CREATE INDEX clubs_newest ON clubs (id DESC) WHERE NOT disbanded;
CREATE INDEX clubs_of_book ON clubs (book_id, id DESC) WHERE NOT disbanded;
CREATE INDEX clubs_of_owner ON clubs (owner_id);

CREATE TABLE club_members (
    id        uuid NOT NULL UNIQUE,
    club_id   uuid NOT NULL REFERENCES clubs (id),
    user_id   uuid NOT NULL,
    role      text NOT NULL CHECK (role IN ('OWNER', 'MEMBER', 'APPLICANT')),
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (club_id, user_id)
);
CREATE INDEX club_members_newest ON club_members (club_id, id DESC);
CREATE INDEX club_members_of_user ON club_members (user_id, id DESC);

-- What a club reads until when.
CREATE TABLE club_schedule (
    id        uuid PRIMARY KEY,
    club_id   uuid NOT NULL REFERENCES clubs (id),
    title     text NOT NULL,
    -- The place up to which members have read by then, 0 to 1.
    read_to   double precision NOT NULL CHECK (read_to BETWEEN 0 AND 1),
    due_at    timestamptz NOT NULL
);
CREATE INDEX club_schedule_by_club ON club_schedule (club_id, due_at, id);

CREATE TABLE topics (
    id           uuid PRIMARY KEY,
    forum_id     uuid REFERENCES forums (id),
    club_id      uuid REFERENCES clubs (id),
    -- The book that is talked of; whoever has not read as far as `spoils_after` does not see the topic.
    book_id      uuid,
    author_id    uuid NOT NULL,
    title        text NOT NULL,
    spoils_after double precision NOT NULL CHECK (spoils_after BETWEEN 0 AND 1),
    status       text NOT NULL CHECK (status IN ('PUBLISHED', 'HIDDEN', 'REMOVED', 'DELETED')),
    locked       boolean NOT NULL DEFAULT false,
    pinned       boolean NOT NULL DEFAULT false,
    -- Numbers its posts, the deleted ones included.
    post_count   integer NOT NULL,
    last_post_id uuid NOT NULL,
    last_post_at timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    CHECK ((forum_id IS NULL) <> (club_id IS NULL)),
    CHECK (spoils_after = 0 OR book_id IS NOT NULL)
);
CREATE INDEX topics_of_forum ON topics (forum_id, last_post_id DESC) WHERE status = 'PUBLISHED';
CREATE INDEX topics_of_club ON topics (club_id, last_post_id DESC) WHERE status = 'PUBLISHED';
CREATE INDEX topics_pinned ON topics (forum_id, last_post_id DESC) WHERE pinned AND status = 'PUBLISHED';
CREATE INDEX topics_of_author ON topics (author_id, created_at DESC);

CREATE TABLE tags (
    slug   text PRIMARY KEY,
    name   text NOT NULL,
    topics integer NOT NULL CHECK (topics >= 0)
);
CREATE INDEX tags_most_used ON tags (topics DESC, slug);
CREATE INDEX tags_by_prefix ON tags (slug text_pattern_ops);

CREATE TABLE topic_tags (
    topic_id     uuid NOT NULL REFERENCES topics (id),
    tag          text NOT NULL REFERENCES tags (slug),
    -- The topic's own, by which the topics of a tag are listed.
    last_post_id uuid NOT NULL,
    PRIMARY KEY (topic_id, tag)
);
CREATE INDEX topic_tags_by_tag ON topic_tags (tag, last_post_id DESC);

CREATE TABLE posts (
    id           uuid PRIMARY KEY,
    topic_id     uuid NOT NULL REFERENCES topics (id),
    parent_id    uuid REFERENCES posts (id),
    author_id    uuid NOT NULL,
    -- Eight hexadecimal digits for each post on the way from the opening post: the order of the tree, depth first.
    path         text COLLATE "C" NOT NULL,
    body         text NOT NULL,
    body_html    text NOT NULL,
    spoils_after double precision NOT NULL CHECK (spoils_after BETWEEN 0 AND 1),
    status       text NOT NULL CHECK (status IN ('PUBLISHED', 'HIDDEN', 'REMOVED', 'DELETED')),
    reply_count  integer NOT NULL DEFAULT 0,
    edited_at    timestamptz,
    created_at   timestamptz NOT NULL
);
CREATE UNIQUE INDEX posts_tree ON posts (topic_id, path);
CREATE INDEX posts_newest ON posts (topic_id, id DESC);
CREATE INDEX posts_of_author ON posts (author_id, id DESC);
CREATE INDEX posts_of_parent ON posts (parent_id);

CREATE TABLE gatherings (
    id               uuid PRIMARY KEY,
    club_id          uuid REFERENCES clubs (id),
    host_id          uuid NOT NULL,
    title            text NOT NULL,
    description      text NOT NULL,
    description_html text NOT NULL,
    place            text,
    url              text,
    starts_at        timestamptz NOT NULL,
    ends_at          timestamptz NOT NULL,
    capacity         integer CHECK (capacity > 0),
    going            integer NOT NULL DEFAULT 0 CHECK (going >= 0),
    cancelled        boolean NOT NULL DEFAULT false,
    created_at       timestamptz NOT NULL,
    CHECK (starts_at < ends_at),
    CHECK (place IS NOT NULL OR url IS NOT NULL),
    CHECK (capacity IS NULL OR going <= capacity)
);
CREATE INDEX gatherings_soonest ON gatherings (starts_at, id) WHERE club_id IS NULL;
CREATE INDEX gatherings_of_club ON gatherings (club_id, starts_at, id);
CREATE INDEX gatherings_of_host ON gatherings (host_id);

CREATE TABLE attendances (
    gathering_id uuid NOT NULL REFERENCES gatherings (id),
    user_id      uuid NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (gathering_id, user_id)
);
CREATE INDEX attendances_of_user ON attendances (user_id);

-- What was reported, until moderators have decided, and the appeal against what they decided.
CREATE TABLE cases (
    id             uuid PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN ('POST', 'REVIEW')),
    content_id     uuid NOT NULL,
    author_id      uuid NOT NULL,
    status         text NOT NULL CHECK (status IN ('OPEN', 'KEPT', 'REMOVED', 'APPEALED', 'UPHELD', 'OVERTURNED')),
    -- The reporters' weights, summed.
    weight         integer NOT NULL,
    report_count   integer NOT NULL,
    opened_at      timestamptz NOT NULL,
    reason         text,
    note           text,
    moderator_id   uuid,
    decided_at     timestamptz,
    appeal         text,
    appealed_at    timestamptz,
    appeal_moderator_id uuid,
    appeal_decided_at   timestamptz
);
CREATE UNIQUE INDEX cases_one_open ON cases (kind, content_id) WHERE status IN ('OPEN', 'APPEALED');
CREATE INDEX cases_queue ON cases (status, id);
CREATE INDEX cases_of_author ON cases (author_id, id DESC);

CREATE TABLE reports (
    id          uuid PRIMARY KEY,
    case_id     uuid NOT NULL REFERENCES cases (id),
    reporter_id uuid NOT NULL,
    reason      text NOT NULL,
    note        text,
    weight      integer NOT NULL,
    created_at  timestamptz NOT NULL,
    UNIQUE (case_id, reporter_id)
);
CREATE INDEX reports_of_reporter ON reports (reporter_id);

-- What moderators did; it is only added to.
CREATE TABLE moderation_log (
    id           uuid PRIMARY KEY,
    at           timestamptz NOT NULL,
    -- None where the platform itself acted.
    moderator_id uuid,
    action       text NOT NULL,
    subject_kind text NOT NULL,
    subject_id   uuid NOT NULL,
    case_id      uuid,
    reason       text,
    note         text,
    address      text,
    request_id   text NOT NULL
);
CREATE INDEX moderation_log_of_subject ON moderation_log (subject_id, id DESC);
CREATE FUNCTION moderation_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'moderation_log is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER moderation_log_append_only BEFORE UPDATE OR DELETE ON moderation_log
    FOR EACH ROW EXECUTE FUNCTION moderation_log_refuse();
CREATE TRIGGER moderation_log_no_truncate BEFORE TRUNCATE ON moderation_log
    FOR EACH STATEMENT EXECUTE FUNCTION moderation_log_refuse();
