//! Diesel's view of the tables in `migrations/recommendation`.

diesel::table! {
    books (id) {
        id -> Uuid,
        version -> BigInt,
        title -> Text,
        description -> Text,
        language -> Text,
        category_ids -> Array<Uuid>,
        contributor_ids -> Array<Uuid>,
        series_id -> Nullable<Uuid>,
        published_at -> Nullable<Timestamptz>,
        is_available -> Bool,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    readers (user_id) {
        user_id -> Uuid,
        interests -> Array<Uuid>,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    interactions (user_id, book_id) {
        user_id -> Uuid,
        book_id -> Uuid,
        purchased_at -> Nullable<Timestamptz>,
        refunded_at -> Nullable<Timestamptz>,
        started_at -> Nullable<Timestamptz>,
        furthest -> Double,
        completed_at -> Nullable<Timestamptz>,
        half_stars -> Nullable<SmallInt>,
        rated_at -> Nullable<Timestamptz>,
        touched_at -> Timestamptz,
    }
}

diesel::table! {
    reviews (review_id) {
        review_id -> Uuid,
        user_id -> Nullable<Uuid>,
        book_id -> Uuid,
        half_stars -> Nullable<SmallInt>,
        at -> Timestamptz,
        removed_at -> Timestamptz,
    }
}

diesel::table! {
    activity (hour, book_id) {
        hour -> Timestamptz,
        book_id -> Uuid,
        points -> Integer,
    }
}

diesel::table! {
    feedback (user_id, book_id) {
        user_id -> Uuid,
        book_id -> Uuid,
        likes -> Nullable<Bool>,
        decided_at -> Nullable<Timestamptz>,
        shown -> Integer,
        shown_at -> Nullable<Timestamptz>,
        touched_at -> Timestamptz,
    }
}
