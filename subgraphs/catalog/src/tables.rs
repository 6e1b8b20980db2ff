//! Diesel's view of the tables in `migrations/catalog`.

diesel::table! {
    publishers (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        name_sort -> Text,
        description -> Nullable<Text>,
        website -> Nullable<Text>,
        country -> Nullable<Text>,
        owner_user_id -> Nullable<Uuid>,
        version -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    publisher_members (publisher_id, user_id) {
        publisher_id -> Uuid,
        user_id -> Uuid,
        added_at -> Timestamptz,
    }
}

diesel::table! {
    authors (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        sort_name -> Text,
        name_sort -> Text,
        name_folded -> Text,
        biography_fr -> Nullable<Text>,
        biography_en -> Nullable<Text>,
        born -> Nullable<Integer>,
        died -> Nullable<Integer>,
        country -> Nullable<Text>,
        photo_url -> Nullable<Text>,
        created_by -> Nullable<Uuid>,
        version -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    categories (id) {
        id -> Uuid,
        slug -> Text,
        parent_id -> Nullable<Uuid>,
        path -> Array<Uuid>,
        thema -> Nullable<Text>,
        name_fr -> Text,
        name_en -> Text,
        description_fr -> Nullable<Text>,
        description_en -> Nullable<Text>,
        position -> Integer,
        version -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    series (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        name_sort -> Text,
        description -> Nullable<Text>,
        publisher_id -> Nullable<Uuid>,
        created_by -> Nullable<Uuid>,
        version -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    books (id) {
        id -> Uuid,
        slug -> Text,
        title -> Text,
        title_sort -> Text,
        subtitle -> Nullable<Text>,
        description -> Nullable<Text>,
        isbn -> Nullable<Text>,
        language -> Text,
        publication_date -> Nullable<Date>,
        publication_precision -> Nullable<Text>,
        publication_sort -> Date,
        page_count -> Nullable<Integer>,
        format -> Text,
        publisher_id -> Nullable<Uuid>,
        series_id -> Nullable<Uuid>,
        series_position -> Nullable<Double>,
        is_free -> Bool,
        is_featured -> Bool,
        status -> Text,
        cover -> Nullable<Jsonb>,
        sample_url -> Nullable<Text>,
        metadata -> Jsonb,
        popularity -> Double,
        created_by -> Nullable<Uuid>,
        version -> BigInt,
        published_at -> Nullable<Timestamptz>,
        deleted_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    book_contributors (book_id, author_id, role) {
        book_id -> Uuid,
        author_id -> Uuid,
        role -> Text,
        position -> Integer,
    }
}

diesel::table! {
    book_categories (book_id, category_id) {
        book_id -> Uuid,
        category_id -> Uuid,
        position -> Integer,
    }
}

diesel::table! {
    book_prices (book_id, currency) {
        book_id -> Uuid,
        currency -> Text,
        amount -> BigInt,
    }
}

diesel::table! {
    book_stats (book_id) {
        book_id -> Uuid,
        downloads -> BigInt,
        rating_sum -> BigInt,
        rating_count -> BigInt,
        review_count -> BigInt,
        outside_ratings -> BigInt,
    }
}

diesel::table! {
    book_reviews (review_id) {
        review_id -> Uuid,
        book_id -> Uuid,
        half_stars -> Nullable<SmallInt>,
        has_text -> Bool,
        removed -> Bool,
        at -> Timestamptz,
    }
}

diesel::table! {
    book_sources (source, source_id) {
        source -> Text,
        source_id -> Text,
        book_id -> Uuid,
        content_hash -> Binary,
        imported_at -> Timestamptz,
    }
}

diesel::table! {
    book_publications (publication_id) {
        publication_id -> Uuid,
        revision -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    authors,
    book_categories,
    book_contributors,
    book_prices,
    book_reviews,
    book_sources,
    book_stats,
    books,
    categories,
    publisher_members,
    publishers,
    series,
);
