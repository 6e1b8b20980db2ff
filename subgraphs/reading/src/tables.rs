//! Diesel's view of the tables in `migrations/reading`.

diesel::table! {
    books (book_id) {
        book_id -> Uuid,
        version -> BigInt,
        title -> Text,
        authors -> Array<Text>,
        language -> Text,
        page_count -> Nullable<Integer>,
        is_free -> Bool,
        on_shelf -> Bool,
        deleted -> Bool,
        ending -> Bool,
    }
}

diesel::table! {
    readers (user_id) {
        user_id -> Uuid,
        sequence -> BigInt,
        time_zone -> Text,
        time_zone_at -> Timestamptz,
        streak_days -> Integer,
        streak_end -> Nullable<Date>,
        streak_longest -> Integer,
        annotations -> Integer,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    clamps (user_id, device_id, physical, counter) {
        user_id -> Uuid,
        device_id -> Uuid,
        physical -> BigInt,
        counter -> Integer,
        wall -> BigInt,
    }
}

diesel::table! {
    subscriptions (subscription_id) {
        subscription_id -> Uuid,
        user_id -> Uuid,
        plan -> Text,
        period_end -> Timestamptz,
        ended -> Bool,
    }
}

diesel::table! {
    entitlements (user_id, book_id, source, source_id) {
        user_id -> Uuid,
        book_id -> Uuid,
        source -> Text,
        source_id -> Uuid,
        granted_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    library_items (user_id, book_id) {
        user_id -> Uuid,
        book_id -> Uuid,
        chosen -> Nullable<Text>,
        chosen_stamp -> Nullable<Jsonb>,
        removed -> Bool,
        removed_stamp -> Nullable<Jsonb>,
        status -> Text,
        listed -> Bool,
        added_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        last_read_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        completed -> Nullable<Text>,
        seconds_read -> BigInt,
        told_at -> Nullable<Timestamptz>,
        tell_at -> Nullable<Timestamptz>,
        right_changed_at -> Nullable<Timestamptz>,
        sequence -> BigInt,
    }
}

diesel::table! {
    progress (id) {
        id -> Uuid,
        user_id -> Uuid,
        book_id -> Uuid,
        device_id -> Uuid,
        locator -> Jsonb,
        progression -> Double,
        stamp -> Jsonb,
        read_at -> Timestamptz,
        furthest_locator -> Jsonb,
        furthest_progression -> Double,
        furthest_stamp -> Jsonb,
        sequence -> BigInt,
    }
}

diesel::table! {
    annotations (id) {
        id -> Uuid,
        user_id -> Uuid,
        book_id -> Uuid,
        kind -> Text,
        locator -> Nullable<Jsonb>,
        progression -> Double,
        quote -> Nullable<Text>,
        note -> Nullable<Text>,
        colour -> Nullable<Text>,
        privacy -> Text,
        deleted -> Bool,
        stamps -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        shared_at -> Nullable<Timestamptz>,
        erased -> Bool,
        sequence -> BigInt,
    }
}

diesel::table! {
    sessions (started_at, user_id, id) {
        id -> Uuid,
        user_id -> Uuid,
        book_id -> Uuid,
        device_id -> Uuid,
        started_at -> Timestamptz,
        seconds -> Integer,
        start_progression -> Double,
        end_progression -> Double,
        day -> Date,
        pages -> Double,
        uncounted -> Nullable<Text>,
    }
}

diesel::table! {
    reading_days (user_id, day) {
        user_id -> Uuid,
        day -> Date,
        seconds -> Integer,
        pages -> Double,
        sessions -> Integer,
        books -> Integer,
    }
}

diesel::table! {
    licenses (id) {
        id -> Uuid,
        user_id -> Uuid,
        book_id -> Uuid,
        device_id -> Uuid,
        device_name -> Text,
        issued_at -> Timestamptz,
        renewed_at -> Timestamptz,
        expires_at -> Timestamptz,
        released_at -> Nullable<Timestamptz>,
    }
}
