DROP TABLE licenses, reading_days, sessions, annotations, progress, library_items, entitlements, subscriptions, clamps, readers, books;
DROP FUNCTION sessions_make_partition(timestamptz);
