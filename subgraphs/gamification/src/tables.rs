//! Diesel's view of the tables in `migrations/gamification`.

diesel::table! {
    levels (number) {
        number -> Integer,
        points -> BigInt,
        name_fr -> Text,
        name_en -> Text,
    }
}

diesel::table! {
    players (user_id) {
        user_id -> Uuid,
        country -> Nullable<Text>,
        time_zone -> Text,
        privacy -> Text,
        profile_at -> Timestamptz,
        opted_out -> Bool,
        points -> BigInt,
        level -> Integer,
        books_completed -> Integer,
        books_purchased -> Integer,
        reviews_posted -> Integer,
        reading_days -> Integer,
        seconds_read -> BigInt,
        challenges -> Integer,
        longest_row -> Integer,
        streak_days -> Integer,
        streak_end -> Nullable<Date>,
        streak_longest -> Integer,
        freezes -> Integer,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    facts (user_id, kind, source, at) {
        user_id -> Uuid,
        kind -> Text,
        source -> Text,
        at -> Timestamptz,
    }
}

diesel::table! {
    reading_times (user_id, book_id) {
        user_id -> Uuid,
        book_id -> Uuid,
        seconds -> BigInt,
    }
}

diesel::table! {
    point_rules (code) {
        code -> Text,
        kind -> Text,
        points -> Integer,
        retired -> Bool,
    }
}

diesel::table! {
    ledger (user_id, rule, source) {
        user_id -> Uuid,
        rule -> Text,
        source -> Text,
        points -> Integer,
        at -> Timestamptz,
    }
}

diesel::table! {
    scores (user_id, period, starts) {
        user_id -> Uuid,
        period -> Text,
        starts -> Date,
        points -> BigInt,
        country -> Nullable<Text>,
        hidden -> Bool,
    }
}

diesel::table! {
    badges (code, version) {
        code -> Text,
        version -> Integer,
        rule -> Jsonb,
        position -> Integer,
        name_fr -> Text,
        name_en -> Text,
        description_fr -> Text,
        description_en -> Text,
        retired -> Bool,
    }
}

diesel::table! {
    achievements (id) {
        id -> Uuid,
        user_id -> Uuid,
        kind -> Text,
        subject -> Text,
        version -> Integer,
        at -> Timestamptz,
    }
}

diesel::table! {
    challenge_templates (code) {
        code -> Text,
        period -> Text,
        metric -> Text,
        target -> Integer,
        title_fr -> Text,
        title_en -> Text,
        description_fr -> Text,
        description_en -> Text,
        retired -> Bool,
    }
}

diesel::table! {
    challenges (id) {
        id -> Uuid,
        code -> Nullable<Text>,
        creator_id -> Nullable<Uuid>,
        metric -> Text,
        target -> Integer,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        privacy -> Text,
        invitation -> Nullable<Text>,
        title_fr -> Text,
        title_en -> Text,
        description_fr -> Text,
        description_en -> Text,
        participants -> Integer,
        created_at -> Timestamptz,
        cancelled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    participants (challenge_id, user_id) {
        challenge_id -> Uuid,
        user_id -> Uuid,
        joined_at -> Timestamptz,
        completed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    follows (follower_id, user_id) {
        follower_id -> Uuid,
        user_id -> Uuid,
        following -> Bool,
        at -> Timestamptz,
    }
}

diesel::table! {
    board_changes (id) {
        id -> BigInt,
        user_id -> Uuid,
        country -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(participants, challenges);
