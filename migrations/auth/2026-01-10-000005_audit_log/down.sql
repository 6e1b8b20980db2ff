DROP TABLE audit_log;
DROP FUNCTION audit_log_make_partition(timestamptz);
DROP FUNCTION audit_log_refuse();
