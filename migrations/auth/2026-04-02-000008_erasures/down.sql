CREATE OR REPLACE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
DROP INDEX audit_log_by_account;
ALTER TABLE impersonations DROP CONSTRAINT impersonations_reason_check;
-- What was forgotten since cannot be made up.
ALTER TABLE impersonations ADD CONSTRAINT impersonations_reason_check CHECK (length(reason) BETWEEN 1 AND 500) NOT VALID;
DROP TABLE erasures;
