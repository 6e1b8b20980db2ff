-- What is still to be erased of accounts that are gone: the history of events, and what the audit log says beyond who, what and when.

CREATE TABLE erasures (
    user_id  uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- `user.deleted`: once it is published, so is everything that was said of the account before.
    event_id uuid NOT NULL,
    begun_at timestamptz NOT NULL,
    -- When nothing was left.
    done_at  timestamptz
);
CREATE INDEX erasures_waiting ON erasures (begun_at, user_id) WHERE done_at IS NULL;

-- Accounts that went before this was known.
INSERT INTO erasures (user_id, event_id, begun_at)
SELECT u.id,
       coalesce((SELECT o.id FROM outbox o WHERE o.subject = 'coko.auth.user.deleted' AND o.event ->> 'subject' = u.id::text LIMIT 1), u.id),
       u.updated_at
FROM users u WHERE u.status = 'DELETED';

-- Why an operator looked is forgotten with the person who was looked at.
ALTER TABLE impersonations DROP CONSTRAINT impersonations_reason_check;
ALTER TABLE impersonations ADD CONSTRAINT impersonations_reason_check CHECK (length(reason) <= 500);

-- Signing in is a guest's deed, so only this says whose it was.
CREATE INDEX audit_log_by_account ON audit_log ((new_values ->> 'user')) WHERE action = 'session.started';

-- Entries stay, and so do who, what and when; from where, and with which words, can be taken away and never changed.
CREATE OR REPLACE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.at, NEW.actor_id, NEW.action, NEW.subject_type, NEW.subject_id, NEW.request_id)
            IS NOT DISTINCT FROM
            (OLD.id, OLD.at, OLD.actor_id, OLD.action, OLD.subject_type, OLD.subject_id, OLD.request_id)
            AND (NEW.address IS NULL OR NEW.address = OLD.address)
            AND (NEW.agent IS NULL OR NEW.agent = OLD.agent)
            AND (NEW.old_values IS NULL OR NEW.old_values <@ OLD.old_values)
            AND (NEW.new_values IS NULL OR NEW.new_values <@ OLD.new_values) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_log is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
