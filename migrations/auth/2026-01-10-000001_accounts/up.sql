-- Accounts, roles and what each role may do.

CREATE TABLE roles (
    name        text PRIMARY KEY CHECK (name ~ '^[a-z][a-z_]{1,31}$'),
    description text NOT NULL
);

CREATE TABLE role_rights (
    role     text NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
    resource text NOT NULL,
    action   text NOT NULL,
    PRIMARY KEY (role, resource, action)
);

CREATE TABLE users (
    id                    uuid PRIMARY KEY,
    -- Lower case; NULL for accounts that have only a phone number, and once anonymised.
    email                 text CHECK (email = lower(email) AND length(email) <= 254),
    email_verified_at     timestamptz,
    -- Sealed with AES-256-GCM, and a keyed hash of the same number for lookup.
    phone_sealed          bytea,
    phone_index           bytea,
    -- Argon2id in PHC string format; NULL when the account has no password.
    password_hash         text,
    display_name          text NOT NULL,
    avatar                text,
    country               text CHECK (country ~ '^[A-Z]{2}$'),
    language              text NOT NULL,
    time_zone             text NOT NULL,
    privacy               text NOT NULL DEFAULT 'PUBLIC' CHECK (privacy IN ('PUBLIC', 'FOLLOWERS', 'PRIVATE')),
    preferences           jsonb NOT NULL,
    status                text NOT NULL CHECK (status IN ('PENDING', 'ACTIVE', 'SUSPENDED', 'DELETING', 'DELETED')),
    status_reason         text,
    -- Set while DELETING: when the sweep anonymises the account.
    delete_after          timestamptz,
    created_at            timestamptz NOT NULL,
    updated_at            timestamptz NOT NULL,
    CHECK ((phone_sealed IS NULL) = (phone_index IS NULL)),
    CHECK ((status = 'DELETING') = (delete_after IS NOT NULL))
);

CREATE UNIQUE INDEX users_email_key ON users (email) WHERE email IS NOT NULL;
CREATE UNIQUE INDEX users_phone_key ON users (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX users_newest ON users (created_at DESC, id DESC);
CREATE INDEX users_by_status ON users (status, created_at DESC, id DESC);
CREATE INDEX users_to_sweep ON users (delete_after) WHERE status = 'DELETING';
CREATE INDEX users_by_email_prefix ON users (email text_pattern_ops) WHERE email IS NOT NULL;

CREATE TABLE user_roles (
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       text NOT NULL REFERENCES roles (name),
    granted_at timestamptz NOT NULL,
    granted_by uuid,
    PRIMARY KEY (user_id, role)
);
CREATE INDEX user_roles_by_role ON user_roles (role, user_id);

INSERT INTO roles (name, description) VALUES
    ('guest',     'Anyone who is not signed in'),
    ('user',      'A reader with an account'),
    ('premium',   'A reader with a paid plan'),
    ('author',    'Writes and publishes books'),
    ('publisher', 'Runs a publishing house'),
    ('moderator', 'Keeps the community civil'),
    ('admin',     'Operates the platform');

INSERT INTO role_rights (role, resource, action) VALUES
    ('guest',     'catalog',   'browse'),
    ('user',      'catalog',   'browse'),
    ('user',      'books',     'read'),
    ('user',      'profile',   'read'),
    ('user',      'profile',   'update'),
    ('user',      'reading',   '*'),
    ('user',      'reviews',   'write'),
    ('user',      'community', 'participate'),
    ('premium',   'books',     'read'),
    ('premium',   'books',     'download'),
    ('author',    'books',     'read'),
    ('author',    'books',     'publish'),
    ('author',    'royalties', 'manage'),
    ('publisher', 'books',     'read'),
    ('publisher', 'books',     'publish'),
    ('publisher', 'royalties', 'manage'),
    ('moderator', 'books',     'read'),
    ('moderator', 'books',     'update'),
    ('moderator', 'users',     'read'),
    ('moderator', 'community', 'participate'),
    ('moderator', 'community', 'moderate'),
    ('admin',     'users',     '*'),
    ('admin',     'books',     '*'),
    ('admin',     'catalog',   '*'),
    ('admin',     'community', '*'),
    ('admin',     'reviews',   '*'),
    ('admin',     'royalties', '*'),
    ('admin',     'partners',  '*'),
    ('admin',     'system',    '*');
