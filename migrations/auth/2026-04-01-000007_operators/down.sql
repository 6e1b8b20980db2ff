DROP TABLE impersonations, data_export_parts;
DROP INDEX data_exports_waiting, data_exports_old;
ALTER TABLE data_exports DROP COLUMN asked_at, DROP COLUMN ready_at;
