//! Diesel's view of the platform tables in `migrations/platform`.

diesel::table! {
    /// Events written in business transactions, waiting for the relay.
    outbox (sequence) {
        sequence -> BigInt,
        id -> Uuid,
        subject -> Text,
        event -> Jsonb,
        created_at -> Timestamptz,
        sent_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Which consumer has handled which event.
    inbox (consumer, event_id) {
        consumer -> Text,
        event_id -> Uuid,
        handled_at -> Timestamptz,
    }
}

diesel::table! {
    /// Messages that no retry will help.
    dead_letter (consumer, event_id) {
        consumer -> Text,
        event_id -> Uuid,
        subject -> Text,
        payload -> Binary,
        error -> Text,
        attempts -> Integer,
        failed_at -> Timestamptz,
        replay_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Mail written in business transactions, waiting to be sent.
    mail (id) {
        id -> Uuid,
        recipient -> Text,
        subject -> Text,
        text_body -> Text,
        html_body -> Nullable<Text>,
        attempts -> Integer,
        created_at -> Timestamptz,
        next_at -> Timestamptz,
        sent_at -> Nullable<Timestamptz>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    idempotency (owner, key) {
        owner -> Text,
        key -> Text,
        digest -> Bytea,
        subject -> Uuid,
        created_at -> Timestamptz,
    }
}
