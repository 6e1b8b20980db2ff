DROP TABLE book_publications;
