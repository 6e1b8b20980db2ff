-- The newest that publication said of each work: what is older, and comes late, changes nothing.
CREATE TABLE book_publications (
    publication_id uuid PRIMARY KEY,
    revision       bigint NOT NULL
);
