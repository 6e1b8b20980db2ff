-- The audit log: append-only, one partition per month. Retention drops whole partitions.

CREATE TABLE audit_log (
    id           uuid NOT NULL,
    at           timestamptz NOT NULL,
    actor_id     text,
    action       text NOT NULL,
    subject_type text NOT NULL,
    subject_id   text NOT NULL,
    old_values   jsonb,
    new_values   jsonb,
    address      text,
    agent        text,
    request_id   text NOT NULL,
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);

CREATE INDEX audit_log_by_actor ON audit_log (actor_id, at DESC, id DESC);
CREATE INDEX audit_log_by_subject ON audit_log (subject_id, at DESC, id DESC);
CREATE INDEX audit_log_by_action ON audit_log (action, at DESC, id DESC);

CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_refuse();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse();

-- Catches what no month covers, so that a late partition never loses an entry or stops a mutation.
CREATE TABLE audit_log_other PARTITION OF audit_log DEFAULT;
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log_other
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse();

-- Makes the partition of the month that holds `moment`; does nothing when it exists or when the default partition
-- already took entries of that month, which must then stay where they are.
CREATE FUNCTION audit_log_make_partition(moment timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    starts timestamptz := date_trunc('month', moment, 'UTC');
    ends   timestamptz := date_trunc('month', starts + interval '32 days', 'UTC');
    name   text := 'audit_log_' || to_char(starts AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('audit_log_make_partition'));
    IF to_regclass(name) IS NOT NULL
        OR EXISTS (SELECT 1 FROM audit_log_other WHERE at >= starts AND at < ends) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF audit_log FOR VALUES FROM (%L) TO (%L)', name, starts, ends);
    EXECUTE format('CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON %I '
        'FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()', name);
    RETURN true;
END $$;

SELECT audit_log_make_partition(now() + make_interval(months => ahead)) FROM generate_series(0, 3) AS ahead;
