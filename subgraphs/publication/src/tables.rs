//! Diesel's view of the tables in `migrations/publication`.

diesel::table! {
    organizations (id) {
        id -> Uuid,
        kind -> Text,
        name -> Text,
        country -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    members (organization_id, user_id) {
        organization_id -> Uuid,
        user_id -> Uuid,
        role -> Text,
        added_at -> Timestamptz,
    }
}

diesel::table! {
    manuscripts (id) {
        id -> Uuid,
        organization_id -> Uuid,
        book_id -> Uuid,
        title -> Text,
        subtitle -> Nullable<Text>,
        description -> Nullable<Text>,
        language -> Text,
        isbn -> Nullable<Text>,
        authors -> Jsonb,
        categories -> Jsonb,
        prices -> Jsonb,
        status -> Text,
        version -> BigInt,
        revision -> BigInt,
        created_by -> Uuid,
        onix_reference -> Nullable<Text>,
        onix_digest -> Nullable<Binary>,
        submitted_at -> Nullable<Timestamptz>,
        publish_at -> Nullable<Timestamptz>,
        published_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    manuscript_versions (id) {
        id -> Uuid,
        manuscript_id -> Uuid,
        number -> Integer,
        file_id -> Uuid,
        notes -> Nullable<Text>,
        created_by -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    manuscript_files (file_id) {
        file_id -> Uuid,
        manuscript_id -> Uuid,
        kind -> Text,
        status -> Text,
        reason -> Nullable<Text>,
        media_type -> Nullable<Text>,
        page_count -> Nullable<Integer>,
        findings -> Jsonb,
        images -> Jsonb,
        public_url -> Nullable<Text>,
        uploaded_by -> Nullable<Uuid>,
        at -> Timestamptz,
    }
}

diesel::table! {
    manuscript_notes (id) {
        id -> Uuid,
        manuscript_id -> Uuid,
        author_id -> Nullable<Uuid>,
        status -> Nullable<Text>,
        body -> Nullable<Text>,
        at -> Timestamptz,
    }
}

diesel::table! {
    contracts (id) {
        id -> Uuid,
        manuscript_id -> Uuid,
        territory -> Jsonb,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        platform_share -> Integer,
        created_by -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    contract_parties (contract_id, position) {
        contract_id -> Uuid,
        position -> Integer,
        payee_id -> Uuid,
        payee_kind -> Text,
        share -> Integer,
    }
}

diesel::table! {
    readers (user_id) {
        user_id -> Uuid,
        country -> Text,
        at -> Timestamptz,
    }
}

diesel::table! {
    sales (order_id) {
        order_id -> Uuid,
        manuscript_id -> Uuid,
        status -> Text,
        amount -> BigInt,
        currency -> Text,
        at -> Timestamptz,
    }
}

diesel::table! {
    accruals (id) {
        id -> Uuid,
        source -> Text,
        order_id -> Nullable<Uuid>,
        month -> Nullable<Date>,
        manuscript_id -> Uuid,
        payee_id -> Uuid,
        units -> BigInt,
        gross -> BigInt,
        amount -> BigInt,
        currency -> Text,
        status -> Text,
        accrued_at -> Timestamptz,
        payable_at -> Timestamptz,
        reversed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    balances (payee_id, currency) {
        payee_id -> Uuid,
        currency -> Text,
        escrow -> BigInt,
        payable -> BigInt,
    }
}

diesel::table! {
    journals (id) {
        id -> Uuid,
        step -> Text,
        subject_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    ledger_entries (id) {
        id -> BigInt,
        journal_id -> Uuid,
        account -> Text,
        amount -> BigInt,
        currency -> Text,
    }
}

diesel::table! {
    reading_marks (user_id, book_id) {
        user_id -> Uuid,
        book_id -> Uuid,
        seconds -> BigInt,
    }
}

diesel::table! {
    reading_months (month) {
        month -> Date,
        status -> Text,
        seconds -> BigInt,
        amount -> BigInt,
    }
}

diesel::table! {
    reading_shares (month, user_id) {
        month -> Date,
        user_id -> Uuid,
        seconds -> BigInt,
    }
}

diesel::table! {
    reading_times (month, manuscript_id, country) {
        month -> Date,
        manuscript_id -> Uuid,
        country -> Text,
        seconds -> BigInt,
        amount -> Nullable<BigInt>,
    }
}

diesel::table! {
    statements (id) {
        id -> Uuid,
        payee_id -> Uuid,
        currency -> Text,
        month -> Date,
        opening -> BigInt,
        accrued -> BigInt,
        reversed -> BigInt,
        paid -> BigInt,
        closing -> BigInt,
        issued_at -> Timestamptz,
    }
}

diesel::table! {
    statement_lines (statement_id, position) {
        statement_id -> Uuid,
        position -> Integer,
        manuscript_id -> Uuid,
        title -> Text,
        source -> Text,
        reversal -> Bool,
        units -> BigInt,
        gross -> BigInt,
        amount -> BigInt,
    }
}

diesel::table! {
    statement_runs (month) {
        month -> Date,
        payee_id -> Uuid,
        currency -> Text,
        done -> Bool,
    }
}

diesel::table! {
    payouts (id) {
        id -> Uuid,
        payee_id -> Uuid,
        requested_by -> Uuid,
        amount -> BigInt,
        currency -> Text,
        status -> Text,
        destination_sealed -> Nullable<Binary>,
        destination_hint -> Text,
        reference -> Nullable<Text>,
        settled_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        settled_at -> Nullable<Timestamptz>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(contract_parties, contracts);
diesel::allow_tables_to_appear_in_same_query!(journals, ledger_entries);
diesel::allow_tables_to_appear_in_same_query!(members, organizations);
