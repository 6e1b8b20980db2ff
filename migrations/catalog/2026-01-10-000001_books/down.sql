DROP TABLE book_sources, book_reviews, book_stats, book_prices, book_categories, book_contributors, books, series,
    categories, authors, publisher_members, publishers;
DROP FUNCTION catalog_popularity(bigint, bigint, bigint);
DROP FUNCTION catalog_like(text);
DROP FUNCTION catalog_fold(text);
DROP EXTENSION pg_trgm;
DROP EXTENSION unaccent;
