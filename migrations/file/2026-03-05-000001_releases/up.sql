-- Of a book that comes of a publication, readers get the text that was reviewed and published, and no other.
CREATE TABLE releases (
    book_id  uuid PRIMARY KEY,
    -- The newest that publication said of it.
    revision bigint NOT NULL,
    file_id  uuid NOT NULL
);
ALTER TABLE files ADD COLUMN held boolean NOT NULL DEFAULT false;
