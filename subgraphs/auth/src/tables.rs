//! Diesel's view of `migrations/auth`.

diesel::table! {
    /// What each role is called.
    roles (name) {
        name -> Text,
        description -> Text,
    }
}

diesel::table! {
    /// What each role may do.
    role_rights (role, resource, action) {
        role -> Text,
        resource -> Text,
        action -> Text,
    }
}

diesel::table! {
    /// Accounts.
    users (id) {
        id -> Uuid,
        email -> Nullable<Text>,
        email_verified_at -> Nullable<Timestamptz>,
        phone_sealed -> Nullable<Binary>,
        phone_index -> Nullable<Binary>,
        password_hash -> Nullable<Text>,
        display_name -> Text,
        avatar -> Nullable<Text>,
        country -> Nullable<Text>,
        language -> Text,
        time_zone -> Text,
        privacy -> Text,
        preferences -> Jsonb,
        status -> Text,
        status_reason -> Nullable<Text>,
        delete_after -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// Which account has which role.
    user_roles (user_id, role) {
        user_id -> Uuid,
        role -> Text,
        granted_at -> Timestamptz,
        granted_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// Sign-ins on devices.
    sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        method -> Text,
        device -> Nullable<Text>,
        address -> Nullable<Text>,
        agent -> Nullable<Text>,
        created_at -> Timestamptz,
        last_used_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        revoke_reason -> Nullable<Text>,
    }
}

diesel::table! {
    /// Refresh tokens by their hashes; a session is their family.
    refresh_tokens (token_hash) {
        token_hash -> Binary,
        session_id -> Uuid,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
        spent_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Revocation keys still to be broadcast.
    pending_revocations (key) {
        key -> Text,
        until -> Timestamptz,
    }
}

diesel::table! {
    /// Secrets of links in mails, by their hashes.
    one_time_tokens (token_hash) {
        token_hash -> Binary,
        user_id -> Uuid,
        purpose -> Text,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// The current code of each phone number.
    phone_codes (phone_index) {
        phone_index -> Binary,
        code_hash -> Binary,
        attempts -> Integer,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// Text messages to send.
    text_messages (id) {
        id -> Uuid,
        recipient -> Binary,
        body -> Binary,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        attempts -> Integer,
        next_attempt -> Timestamptz,
    }
}

diesel::table! {
    /// Sign-ins under way at identity providers.
    social_attempts (state_hash) {
        state_hash -> Binary,
        provider -> Text,
        redirect_uri -> Text,
        nonce -> Text,
        pkce_verifier -> Binary,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// Accounts' identities at providers.
    social_identities (provider, subject) {
        provider -> Text,
        subject -> Text,
        user_id -> Uuid,
        refresh_token -> Nullable<Binary>,
        linked_at -> Timestamptz,
        last_used_at -> Timestamptz,
    }
}

diesel::table! {
    /// Personal access tokens.
    personal_access_tokens (id) {
        id -> Uuid,
        user_id -> Uuid,
        name -> Text,
        scopes -> Array<Text>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Partner organisations.
    partners (slug) {
        slug -> Text,
        name -> Text,
        contact -> Text,
        created_at -> Timestamptz,
        created_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// Partners' applications.
    partner_clients (slug) {
        slug -> Text,
        partner -> Text,
        name -> Text,
        rights -> Array<Text>,
        created_at -> Timestamptz,
        disabled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Tokens minted for partners' applications.
    partner_tokens (id) {
        id -> Uuid,
        client -> Text,
        revocation_id -> Text,
        created_at -> Timestamptz,
        created_by -> Nullable<Uuid>,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Consents and their history.
    consents (id) {
        id -> Uuid,
        user_id -> Uuid,
        kind -> Text,
        granted -> Bool,
        recorded_at -> Timestamptz,
        address -> Nullable<Text>,
        agent -> Nullable<Text>,
    }
}

diesel::table! {
    /// Requests for a copy of one's data.
    data_exports (id) {
        id -> Uuid,
        user_id -> Uuid,
        requested_at -> Timestamptz,
        part -> Jsonb,
        ready_at -> Nullable<Timestamptz>,
        asked_at -> Timestamptz,
    }
}

diesel::table! {
    /// What the other domains hold of a person who asked.
    data_export_parts (export_id, domain) {
        export_id -> Uuid,
        domain -> Text,
        part -> Jsonb,
        received_at -> Timestamptz,
    }
}

diesel::table! {
    /// What is still to be erased of accounts that are gone.
    erasures (user_id) {
        user_id -> Uuid,
        event_id -> Uuid,
        begun_at -> Timestamptz,
        done_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Operators who look at the platform as somebody else sees it.
    impersonations (id) {
        id -> Uuid,
        operator_id -> Uuid,
        user_id -> Uuid,
        reason -> Text,
        started_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Who follows whom, as community last said.
    followers (follower_id, user_id) {
        user_id -> Uuid,
        follower_id -> Uuid,
        following -> Bool,
        at -> Timestamptz,
    }
}

diesel::table! {
    /// The append-only audit log.
    audit_log (at, id) {
        id -> Uuid,
        at -> Timestamptz,
        actor_id -> Nullable<Text>,
        action -> Text,
        subject_type -> Text,
        subject_id -> Text,
        old_values -> Nullable<Jsonb>,
        new_values -> Nullable<Jsonb>,
        address -> Nullable<Text>,
        agent -> Nullable<Text>,
        request_id -> Text,
    }
}

diesel::table! {
    user_plans (user_id) {
        user_id -> Uuid,
        plan -> Text,
        until -> Timestamptz,
    }
}

diesel::joinable!(user_roles -> users (user_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));

diesel::allow_tables_to_appear_in_same_query!(users, user_roles, sessions, refresh_tokens);
