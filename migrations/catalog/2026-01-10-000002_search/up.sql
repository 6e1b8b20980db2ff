-- One document per book that readers can find, written in the transaction that changes the book.
CREATE TABLE book_search (
    book_id          uuid PRIMARY KEY REFERENCES books (id) ON DELETE CASCADE,
    -- Title, contributors, series, description at weights A to D, stemmed as French and as written, accents folded.
    document         tsvector NOT NULL,
    title            text NOT NULL,
    -- Title, names and series, folded, for misspelt words.
    fuzzy            text NOT NULL,
    language         text NOT NULL,
    format           text NOT NULL,
    -- With every ancestor.
    category_ids     uuid[] NOT NULL,
    author_ids       uuid[] NOT NULL,
    publisher_id     uuid,
    series_id        uuid,
    price_band       text NOT NULL,
    is_free          boolean NOT NULL,
    publication_year integer,
    popularity       double precision NOT NULL
);
CREATE INDEX book_search_by_document ON book_search USING gin (document) WITH (fastupdate = off);
CREATE INDEX book_search_by_fuzzy ON book_search USING gin (fuzzy gin_trgm_ops) WITH (fastupdate = off);
CREATE INDEX book_search_by_category ON book_search USING gin (category_ids);
CREATE INDEX book_search_by_popularity ON book_search (popularity, book_id);
