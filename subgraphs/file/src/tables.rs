//! Diesel's view of the tables in `migrations/file`.

diesel::table! {
    files (id) {
        id -> Uuid,
        owner_id -> Nullable<Uuid>,
        by_staff -> Bool,
        kind -> Text,
        book_id -> Nullable<Uuid>,
        name -> Text,
        declared_type -> Text,
        media_type -> Nullable<Text>,
        byte_size -> BigInt,
        sha256 -> Binary,
        status -> Text,
        reason -> Nullable<Text>,
        details -> Jsonb,
        received -> BigInt,
        parts -> Integer,
        expires_at -> Timestamptz,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        held -> Bool,
    }
}

diesel::table! {
    releases (book_id) {
        book_id -> Uuid,
        revision -> BigInt,
        file_id -> Uuid,
    }
}

diesel::table! {
    upload_parts (file_id, first_byte) {
        file_id -> Uuid,
        first_byte -> BigInt,
        length -> BigInt,
        object -> Text,
    }
}

diesel::table! {
    jobs (file_id) {
        file_id -> Uuid,
        attempts -> Integer,
        next_at -> Timestamptz,
        lease -> Nullable<Uuid>,
        request_id -> Text,
        traceparent -> Nullable<Text>,
    }
}

diesel::table! {
    purges (prefix) {
        prefix -> Text,
        next_at -> Timestamptz,
    }
}

diesel::table! {
    grants (user_id, book_id) {
        user_id -> Uuid,
        book_id -> Uuid,
        granted -> Bool,
        at -> Timestamptz,
    }
}

diesel::table! {
    downloads (id) {
        id -> Uuid,
        file_id -> Uuid,
        user_id -> Uuid,
        created_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    transfers (id) {
        id -> Uuid,
        user_id -> Uuid,
        expires_at -> Timestamptz,
    }
}
