-- Operators may have the payments of some days compared with the providers' books again.
CREATE INDEX attempts_settled ON attempts (updated_at) WHERE status IN ('SUCCEEDED', 'FAILED');
