DROP TABLE callbacks, suppressions, attempts, delivery_items, deliveries, notifications, devices, preferences, books, people;
DROP FUNCTION attempts_make_partition(timestamptz);
DROP FUNCTION attempts_drop_before(timestamptz);
