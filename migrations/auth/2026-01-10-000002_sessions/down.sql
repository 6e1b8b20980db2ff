DROP TABLE pending_revocations;
DROP TABLE social_identities;
DROP TABLE social_attempts;
DROP TABLE text_messages;
DROP TABLE phone_codes;
DROP TABLE one_time_tokens;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
