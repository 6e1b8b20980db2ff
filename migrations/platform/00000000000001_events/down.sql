DROP TABLE mail;
DROP TABLE dead_letter;
DROP TABLE inbox;
DROP TABLE outbox;
DROP FUNCTION outbox_notify();
