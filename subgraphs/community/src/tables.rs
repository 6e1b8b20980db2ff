//! Diesel's view of the tables in `migrations/community`.

diesel::table! {
    members (user_id) {
        user_id -> Uuid,
        since -> Timestamptz,
        last_active_on -> Nullable<Date>,
        active_days -> Integer,
        contributions -> Integer,
        books_opened -> Integer,
        removals -> Integer,
        reports_upheld -> Integer,
        reports_rejected -> Integer,
        suspended -> Bool,
        suspended_at -> Nullable<Timestamptz>,
        deleted -> Bool,
        privacy -> Text,
        privacy_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    positions (user_id, book_id) {
        user_id -> Uuid,
        book_id -> Uuid,
        furthest -> Double,
    }
}

diesel::table! {
    follows (follower_id, user_id) {
        id -> Uuid,
        follower_id -> Uuid,
        user_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    barriers (user_id, other_id, kind) {
        id -> Uuid,
        user_id -> Uuid,
        other_id -> Uuid,
        kind -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    reviews (id) {
        id -> Uuid,
        book_id -> Uuid,
        user_id -> Uuid,
        half_stars -> Nullable<SmallInt>,
        body -> Nullable<Text>,
        body_html -> Nullable<Text>,
        spoiler -> Bool,
        status -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        edits -> Integer,
    }
}

diesel::table! {
    book_ratings (book_id, half_stars) {
        book_id -> Uuid,
        half_stars -> SmallInt,
        count -> BigInt,
    }
}

diesel::table! {
    forums (id) {
        id -> Uuid,
        slug -> Text,
        name_fr -> Text,
        name_en -> Text,
        description_fr -> Text,
        description_en -> Text,
        position -> Integer,
        archived -> Bool,
    }
}

diesel::table! {
    clubs (id) {
        id -> Uuid,
        name -> Text,
        description -> Text,
        description_html -> Text,
        book_id -> Nullable<Uuid>,
        access -> Text,
        owner_id -> Uuid,
        member_count -> Integer,
        disbanded -> Bool,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    club_members (club_id, user_id) {
        id -> Uuid,
        club_id -> Uuid,
        user_id -> Uuid,
        role -> Text,
        joined_at -> Timestamptz,
    }
}

diesel::table! {
    club_schedule (id) {
        id -> Uuid,
        club_id -> Uuid,
        title -> Text,
        read_to -> Double,
        due_at -> Timestamptz,
    }
}

diesel::table! {
    topics (id) {
        id -> Uuid,
        forum_id -> Nullable<Uuid>,
        club_id -> Nullable<Uuid>,
        book_id -> Nullable<Uuid>,
        author_id -> Uuid,
        title -> Text,
        spoils_after -> Double,
        status -> Text,
        locked -> Bool,
        pinned -> Bool,
        post_count -> Integer,
        last_post_id -> Uuid,
        last_post_at -> Timestamptz,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    tags (slug) {
        slug -> Text,
        name -> Text,
        topics -> Integer,
    }
}

diesel::table! {
    topic_tags (topic_id, tag) {
        topic_id -> Uuid,
        tag -> Text,
        last_post_id -> Uuid,
    }
}

diesel::table! {
    posts (id) {
        id -> Uuid,
        topic_id -> Uuid,
        parent_id -> Nullable<Uuid>,
        author_id -> Uuid,
        path -> Text,
        body -> Text,
        body_html -> Text,
        spoils_after -> Double,
        status -> Text,
        reply_count -> Integer,
        edited_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    gatherings (id) {
        id -> Uuid,
        club_id -> Nullable<Uuid>,
        host_id -> Uuid,
        title -> Text,
        description -> Text,
        description_html -> Text,
        place -> Nullable<Text>,
        url -> Nullable<Text>,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        capacity -> Nullable<Integer>,
        going -> Integer,
        cancelled -> Bool,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    attendances (gathering_id, user_id) {
        gathering_id -> Uuid,
        user_id -> Uuid,
        at -> Timestamptz,
    }
}

diesel::table! {
    cases (id) {
        id -> Uuid,
        kind -> Text,
        content_id -> Uuid,
        author_id -> Uuid,
        status -> Text,
        weight -> Integer,
        report_count -> Integer,
        opened_at -> Timestamptz,
        reason -> Nullable<Text>,
        note -> Nullable<Text>,
        moderator_id -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
        appeal -> Nullable<Text>,
        appealed_at -> Nullable<Timestamptz>,
        appeal_moderator_id -> Nullable<Uuid>,
        appeal_decided_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    reports (id) {
        id -> Uuid,
        case_id -> Uuid,
        reporter_id -> Uuid,
        reason -> Text,
        note -> Nullable<Text>,
        weight -> Integer,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    moderation_log (id) {
        id -> Uuid,
        at -> Timestamptz,
        moderator_id -> Nullable<Uuid>,
        action -> Text,
        subject_kind -> Text,
        subject_id -> Uuid,
        case_id -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        note -> Nullable<Text>,
        address -> Nullable<Text>,
        request_id -> Text,
    }
}

diesel::joinable!(topic_tags -> tags (tag));
diesel::allow_tables_to_appear_in_same_query!(topic_tags, tags);
