//! Diesel's view of the tables in `migrations/notification`.

diesel::table! {
    people (user_id) {
        user_id -> Uuid,
        display_name -> Text,
        language -> Text,
        time_zone -> Text,
        profile_at -> Timestamptz,
        suspended -> Bool,
        suspended_at -> Timestamptz,
        quiet_from -> Nullable<SmallInt>,
        quiet_until -> Nullable<SmallInt>,
        digest -> Text,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    books (book_id) {
        book_id -> Uuid,
        title -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    preferences (user_id, workflow, channel) {
        user_id -> Uuid,
        workflow -> Text,
        channel -> Text,
        enabled -> Bool,
    }
}

diesel::table! {
    devices (id) {
        id -> Uuid,
        user_id -> Uuid,
        platform -> Text,
        name -> Nullable<Text>,
        token_sealed -> Binary,
        token_index -> Binary,
        created_at -> Timestamptz,
        seen_at -> Timestamptz,
    }
}

diesel::table! {
    notifications (id) {
        id -> Uuid,
        user_id -> Uuid,
        kind -> Text,
        subject -> Text,
        facts -> Jsonb,
        link -> Nullable<Text>,
        in_app -> Bool,
        created_at -> Timestamptz,
        read_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Uuid,
        user_id -> Uuid,
        workflow -> Text,
        channel -> Text,
        critical -> Bool,
        digest -> Bool,
        status -> Text,
        due_at -> Nullable<Timestamptz>,
        tries -> Integer,
        expires_at -> Timestamptz,
        escalate_at -> Nullable<Timestamptz>,
        escalate_seconds -> Nullable<Integer>,
        provider -> Nullable<Text>,
        provider_ref -> Nullable<Text>,
        reason -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    delivery_items (delivery_id, notification_id) {
        delivery_id -> Uuid,
        notification_id -> Uuid,
    }
}

diesel::table! {
    attempts (at, delivery_id, id) {
        id -> Uuid,
        delivery_id -> Uuid,
        number -> Integer,
        channel -> Text,
        provider -> Text,
        outcome -> Text,
        code -> Nullable<Text>,
        millis -> Integer,
        at -> Timestamptz,
    }
}

diesel::table! {
    suppressions (channel, recipient) {
        channel -> Text,
        recipient -> Binary,
        reason -> Text,
        suppressed_at -> Timestamptz,
    }
}

diesel::table! {
    callbacks (provider, event_id) {
        provider -> Text,
        event_id -> Text,
        received_at -> Timestamptz,
    }
}

diesel::joinable!(delivery_items -> deliveries (delivery_id));
diesel::joinable!(delivery_items -> notifications (notification_id));
diesel::allow_tables_to_appear_in_same_query!(deliveries, delivery_items, notifications);
