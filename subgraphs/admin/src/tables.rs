//! Diesel's view of the tables in `migrations/admin`.

diesel::table! {
    metrics (metric, day, country, currency) {
        metric -> Text,
        day -> Date,
        country -> Text,
        currency -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    actives (starts, period, user_id) {
        starts -> Date,
        period -> Text,
        user_id -> Uuid,
    }
}

diesel::table! {
    book_days (day, book_id) {
        day -> Date,
        book_id -> Uuid,
        sales -> BigInt,
        starts -> BigInt,
        completions -> BigInt,
        seconds -> BigInt,
        downloads -> BigInt,
    }
}

diesel::table! {
    people (user_id) {
        user_id -> Uuid,
        country -> Nullable<Text>,
        profile_at -> Timestamptz,
        registered_at -> Nullable<Timestamptz>,
        last_active_on -> Nullable<Date>,
        first_paid_at -> Nullable<Timestamptz>,
        orders_paid -> Integer,
        books_started -> Integer,
        books_completed -> Integer,
        seconds_read -> BigInt,
        reports -> Integer,
        removals -> Integer,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    spendings (user_id, currency) {
        user_id -> Uuid,
        currency -> Text,
        amount -> BigInt,
    }
}

diesel::table! {
    readings (user_id, book_id) {
        user_id -> Uuid,
        book_id -> Uuid,
        seconds -> BigInt,
        started -> Bool,
        completed -> Bool,
    }
}

diesel::table! {
    orders (order_id) {
        order_id -> Uuid,
        seen_at -> Timestamptz,
        created -> Bool,
        paid -> Bool,
        sold -> Bool,
        refunded -> Bool,
        by_wallet -> Bool,
    }
}

diesel::table! {
    reported_contents (case_id) {
        case_id -> Uuid,
        kind -> Text,
        content_id -> Uuid,
        author_id -> Uuid,
        status -> Text,
        reports -> Integer,
        reasons -> Jsonb,
        hidden -> Bool,
        decision -> Nullable<Text>,
        reported_at -> Timestamptz,
        status_at -> Timestamptz,
    }
}

diesel::table! {
    settings (key) {
        key -> Text,
        description -> Text,
        value -> Nullable<Jsonb>,
        share -> SmallInt,
        for_clients -> Bool,
        version -> BigInt,
        told -> BigInt,
        updated_at -> Timestamptz,
        updated_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    comparisons (day, provider, outcome) {
        day -> Date,
        provider -> Text,
        outcome -> Text,
        count -> BigInt,
    }
}

diesel::table! {
    discrepancies (attempt_id) {
        attempt_id -> Uuid,
        order_id -> Uuid,
        provider -> Text,
        outcome -> Text,
        amount -> BigInt,
        currency -> Text,
        found_at -> Timestamptz,
        closed_at -> Nullable<Timestamptz>,
        closed_by -> Nullable<Uuid>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    reconciliations (id) {
        id -> Uuid,
        provider -> Nullable<Text>,
        from_at -> Timestamptz,
        until_at -> Timestamptz,
        requested_at -> Timestamptz,
        requested_by -> Uuid,
    }
}

diesel::table! {
    notes (id) {
        id -> Uuid,
        user_id -> Uuid,
        operator_id -> Uuid,
        text -> Text,
        created_at -> Timestamptz,
    }
}
