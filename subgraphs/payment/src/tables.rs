//! Diesel's view of the tables in `migrations/payment`.

diesel::table! {
    books (book_id) {
        book_id -> Uuid,
        version -> BigInt,
        title -> Text,
        is_free -> Bool,
        on_sale -> Bool,
        prices -> Jsonb,
    }
}

diesel::table! {
    entitlements (user_id, book_id) {
        user_id -> Uuid,
        book_id -> Uuid,
        granted -> Bool,
        at -> Timestamptz,
    }
}

diesel::table! {
    plans (code) {
        code -> Text,
        tier -> Text,
        name_fr -> Text,
        name_en -> Text,
        days -> Integer,
        prices -> Jsonb,
        position -> Integer,
    }
}

diesel::table! {
    subscriptions (id) {
        id -> Uuid,
        user_id -> Uuid,
        plan_code -> Text,
        status -> Text,
        period_start -> Timestamptz,
        period_end -> Timestamptz,
    }
}

diesel::table! {
    orders (id) {
        id -> Uuid,
        user_id -> Uuid,
        kind -> Text,
        book_id -> Nullable<Uuid>,
        plan_code -> Nullable<Text>,
        title -> Text,
        amount -> BigInt,
        currency -> Text,
        status -> Text,
        paid_attempt_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        due_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    attempts (id) {
        id -> Uuid,
        order_id -> Uuid,
        provider -> Text,
        status -> Text,
        charged_amount -> BigInt,
        charged_currency -> Text,
        checkout_url -> Nullable<Text>,
        references_sealed -> Nullable<Bytea>,
        notice_index -> Nullable<Bytea>,
        failure -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        check_at -> Nullable<Timestamptz>,
        checks -> Integer,
        reconciled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    refunds (id) {
        id -> Uuid,
        order_id -> Uuid,
        attempt_id -> Uuid,
        reason -> Text,
        status -> Text,
        created_at -> Timestamptz,
        due_at -> Nullable<Timestamptz>,
        tries -> Integer,
        done_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    invoices (id) {
        id -> Uuid,
        kind -> Text,
        year -> Integer,
        number -> BigInt,
        order_id -> Uuid,
        user_id -> Uuid,
        cancels_id -> Nullable<Uuid>,
        subject -> Text,
        title -> Text,
        amount -> BigInt,
        currency -> Text,
        charged_amount -> BigInt,
        charged_currency -> Text,
        provider -> Text,
        tax_rate -> Integer,
        seller -> Jsonb,
        issued_at -> Timestamptz,
    }
}

diesel::table! {
    wallets (user_id, currency) {
        user_id -> Uuid,
        currency -> Text,
        balance -> BigInt,
    }
}

diesel::table! {
    journals (id) {
        id -> Uuid,
        step -> Text,
        order_id -> Uuid,
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
    notices (id) {
        id -> Uuid,
        provider -> Text,
        event_id -> Text,
        body_sealed -> Bytea,
        status -> Text,
        received_at -> Timestamptz,
        due_at -> Nullable<Timestamptz>,
        tries -> Integer,
    }
}

diesel::allow_tables_to_appear_in_same_query!(attempts, orders);
diesel::allow_tables_to_appear_in_same_query!(ledger_entries, journals);
