//! The codes of each mutation's refusals, with the keys of their messages.

use coko_core::refusal;

refusal! {
    /// Why `register` was refused.
    RegisterError, RegisterErrorCode {
        /// Not an e-mail address.
        EmailInvalid => "auth-email-invalid",
        /// Fewer than ten characters.
        PasswordTooShort => "auth-password-too-short",
        /// More than 128 characters.
        PasswordTooLong => "auth-password-too-long",
        /// One of those that are guessed first: common, personal or a pattern.
        PasswordTooWeak => "auth-password-too-weak",
        /// Empty, longer than 80 characters, or with control characters.
        DisplayNameInvalid => "auth-display-name-invalid",
        /// Not an ISO 3166-1 alpha-2 code.
        CountryUnknown => "auth-country-unknown",
        /// Not a BCP 47 language tag.
        LanguageInvalid => "auth-language-invalid",
        /// Not an IANA time zone.
        TimeZoneUnknown => "auth-time-zone-unknown",
        /// The service cannot work without this consent.
        ConsentRequired => "auth-consent-required",
    }
}

refusal! {
    /// Why `verifyEmail` was refused.
    VerifyEmailError, VerifyEmailErrorCode {
        /// Not a token of ours, used before, or expired.
        TokenInvalid => "auth-token-invalid",
    }
}

refusal! {
    /// Why `resendVerification` was refused.
    ResendVerificationError, ResendVerificationErrorCode {
        /// Not an e-mail address.
        EmailInvalid => "auth-email-invalid",
    }
}

refusal! {
    /// Why `login` was refused.
    LoginError, LoginErrorCode {
        /// No account with this address and password, or its address is not proven yet.
        CredentialsInvalid => "auth-credentials-invalid",
        /// An operator closed the account.
        AccountSuspended => "auth-account-suspended",
    }
}

refusal! {
    /// Why `refresh` was refused.
    RefreshError, RefreshErrorCode {
        /// Not a token of ours, used before, or expired.
        TokenInvalid => "auth-token-invalid",
        /// An operator closed the account.
        AccountSuspended => "auth-account-suspended",
    }
}

refusal! {
    /// Why `logout` was refused.
    LogoutError, LogoutErrorCode {
        /// The token is not of a session: a personal access token is revoked instead.
        NotASession => "auth-not-a-session",
    }
}

refusal! {
    /// Why `logoutEverywhere` was refused.
    LogoutEverywhereError, LogoutEverywhereErrorCode {
        /// The token is not of a session, so there is no current one to keep.
        NotASession => "auth-not-a-session",
    }
}

refusal! {
    /// Why `revokeSession` was refused.
    RevokeSessionError, RevokeSessionErrorCode {
        /// You have no such live session.
        SessionNotFound => "auth-session-not-found",
    }
}

refusal! {
    /// Why `requestPasswordReset` was refused.
    RequestPasswordResetError, RequestPasswordResetErrorCode {
        /// Not an e-mail address.
        EmailInvalid => "auth-email-invalid",
    }
}

refusal! {
    /// Why `resetPassword` was refused.
    ResetPasswordError, ResetPasswordErrorCode {
        /// Not a token of ours, used before, or expired.
        TokenInvalid => "auth-token-invalid",
        /// Fewer than ten characters.
        PasswordTooShort => "auth-password-too-short",
        /// More than 128 characters.
        PasswordTooLong => "auth-password-too-long",
        /// One of those that are guessed first: common, personal or a pattern.
        PasswordTooWeak => "auth-password-too-weak",
    }
}

refusal! {
    /// Why `changePassword` was refused.
    ChangePasswordError, ChangePasswordErrorCode {
        /// Not the account's password.
        CurrentPasswordWrong => "auth-current-password-wrong",
        /// The account has no password; ask for a reset to set one.
        NoPassword => "auth-no-password",
        /// Fewer than ten characters.
        PasswordTooShort => "auth-password-too-short",
        /// More than 128 characters.
        PasswordTooLong => "auth-password-too-long",
        /// One of those that are guessed first: common, personal or a pattern.
        PasswordTooWeak => "auth-password-too-weak",
    }
}

refusal! {
    /// Why `updateProfile` was refused.
    UpdateProfileError, UpdateProfileErrorCode {
        /// Empty, longer than 80 characters, or with control characters.
        DisplayNameInvalid => "auth-display-name-invalid",
        /// Not an ISO 3166-1 alpha-2 code.
        CountryUnknown => "auth-country-unknown",
        /// Not a BCP 47 language tag.
        LanguageInvalid => "auth-language-invalid",
        /// Not an IANA time zone.
        TimeZoneUnknown => "auth-time-zone-unknown",
        /// Not an https address of a picture.
        AvatarInvalid => "auth-avatar-invalid",
        /// Not between 10 and 40.
        FontSizeInvalid => "auth-font-size-invalid",
    }
}

refusal! {
    /// Why `requestPhoneCode` was refused.
    RequestPhoneCodeError, RequestPhoneCodeErrorCode {
        /// Not an international phone number.
        PhoneInvalid => "auth-phone-invalid",
    }
}

refusal! {
    /// Why `signInWithPhone` was refused.
    SignInWithPhoneError, SignInWithPhoneErrorCode {
        /// Not an international phone number.
        PhoneInvalid => "auth-phone-invalid",
        /// Not the current code of this number, or guessed at too often.
        CodeInvalid => "auth-code-invalid",
        /// An operator closed the account.
        AccountSuspended => "auth-account-suspended",
        /// The code is right and the number is new: send it again with `registration`.
        RegistrationNeeded => "auth-registration-needed",
        /// Empty, longer than 80 characters, or with control characters.
        DisplayNameInvalid => "auth-display-name-invalid",
        /// Not an ISO 3166-1 alpha-2 code.
        CountryUnknown => "auth-country-unknown",
        /// Not a BCP 47 language tag.
        LanguageInvalid => "auth-language-invalid",
        /// Not an IANA time zone.
        TimeZoneUnknown => "auth-time-zone-unknown",
        /// The service cannot work without this consent.
        ConsentRequired => "auth-consent-required",
    }
}

refusal! {
    /// Why `confirmPhone` was refused.
    ConfirmPhoneError, ConfirmPhoneErrorCode {
        /// Not an international phone number.
        PhoneInvalid => "auth-phone-invalid",
        /// Not the current code of this number, or guessed at too often.
        CodeInvalid => "auth-code-invalid",
        /// Another account has this number.
        PhoneTaken => "auth-phone-taken",
    }
}

refusal! {
    /// Why `startSocialSignIn` was refused.
    StartSocialSignInError, StartSocialSignInErrorCode {
        /// The provider is not configured here, or does not answer.
        ProviderUnavailable => "auth-provider-unavailable",
        /// Not one of the addresses registered for this provider.
        RedirectUriUnknown => "auth-redirect-uri-unknown",
    }
}

refusal! {
    /// Why `completeSocialSignIn` was refused.
    CompleteSocialSignInError, CompleteSocialSignInErrorCode {
        /// No sign-in under way has this state, or it took too long.
        StateInvalid => "auth-state-invalid",
        /// The provider's answer does not verify.
        CodeRefused => "auth-code-refused",
        /// The provider is not configured here, or does not answer.
        ProviderUnavailable => "auth-provider-unavailable",
        /// An operator closed the account.
        AccountSuspended => "auth-account-suspended",
        /// The service cannot work without this consent.
        ConsentRequired => "auth-consent-required",
    }
}

refusal! {
    /// Why `createPersonalAccessToken` was refused.
    CreatePersonalAccessTokenError, CreatePersonalAccessTokenErrorCode {
        /// Empty, longer than 80 characters, or with control characters.
        NameInvalid => "auth-name-invalid",
        /// You have a token of this name.
        NameTaken => "auth-name-taken",
        /// Not `resource:action`, none at all, or more than 30.
        ScopeInvalid => "auth-scope-invalid",
        /// More than you may do yourself.
        ScopeNotYours => "auth-scope-not-yours",
        /// Not between 1 and 365 days.
        ExpiryInvalid => "auth-expiry-invalid",
        /// You have 50 tokens already.
        TooMany => "auth-too-many-tokens",
    }
}

refusal! {
    /// Why `revokePersonalAccessToken` was refused.
    RevokePersonalAccessTokenError, RevokePersonalAccessTokenErrorCode {
        /// You have no such live token.
        TokenNotFound => "auth-token-not-found",
    }
}

refusal! {
    /// Why `grantRole` was refused.
    GrantRoleError, GrantRoleErrorCode {
        /// There is no such account.
        UserNotFound => "auth-user-not-found",
        /// There is no such role.
        RoleUnknown => "auth-role-unknown",
        /// Every account has this role, or none can.
        RoleFixed => "auth-role-fixed",
    }
}

refusal! {
    /// Why `revokeRole` was refused.
    RevokeRoleError, RevokeRoleErrorCode {
        /// There is no such account.
        UserNotFound => "auth-user-not-found",
        /// There is no such role.
        RoleUnknown => "auth-role-unknown",
        /// Every account has this role, or none can.
        RoleFixed => "auth-role-fixed",
        /// The platform would be left without an operator.
        LastAdmin => "auth-last-admin",
    }
}

refusal! {
    /// Why `suspendUser` was refused.
    SuspendUserError, SuspendUserErrorCode {
        /// There is no such account.
        UserNotFound => "auth-user-not-found",
        /// Empty, longer than 500 characters, or with control characters.
        ReasonInvalid => "auth-reason-invalid",
        /// The account is in a state that does not permit this.
        NotPossible => "auth-not-possible",
        /// It is your own account.
        OwnAccount => "auth-own-account",
        /// The platform would be left without an operator.
        LastAdmin => "auth-last-admin",
    }
}

refusal! {
    /// Why `unsuspendUser` was refused.
    UnsuspendUserError, UnsuspendUserErrorCode {
        /// There is no such account.
        UserNotFound => "auth-user-not-found",
        /// The account is not suspended.
        NotPossible => "auth-not-possible",
    }
}

refusal! {
    /// Why `createPartner` was refused.
    CreatePartnerError, CreatePartnerErrorCode {
        /// Not 3 to 40 lower-case letters, digits and inner hyphens.
        SlugInvalid => "auth-slug-invalid",
        /// Another one has this name.
        SlugTaken => "auth-slug-taken",
        /// Empty, longer than 80 characters, or with control characters.
        NameInvalid => "auth-name-invalid",
        /// Not an e-mail address.
        ContactInvalid => "auth-email-invalid",
    }
}

refusal! {
    /// Why `createPartnerClient` was refused.
    CreatePartnerClientError, CreatePartnerClientErrorCode {
        /// There is no such partner.
        PartnerNotFound => "auth-partner-not-found",
        /// Not 3 to 40 lower-case letters, digits and inner hyphens.
        SlugInvalid => "auth-slug-invalid",
        /// Another one has this name.
        SlugTaken => "auth-slug-taken",
        /// Empty, longer than 80 characters, or with control characters.
        NameInvalid => "auth-name-invalid",
        /// Not `resource:action`, none at all, or more than 30.
        RightInvalid => "auth-scope-invalid",
    }
}

refusal! {
    /// Why `mintPartnerToken` was refused.
    MintPartnerTokenError, MintPartnerTokenErrorCode {
        /// There is no such client, or it is disabled.
        ClientNotFound => "auth-client-not-found",
        /// Not between 1 and 365 days.
        ExpiryInvalid => "auth-expiry-invalid",
    }
}

refusal! {
    /// Why `revokePartnerToken` was refused.
    RevokePartnerTokenError, RevokePartnerTokenErrorCode {
        /// There is no such live token.
        TokenNotFound => "auth-token-not-found",
    }
}

refusal! {
    /// Why `disablePartnerClient` was refused.
    DisablePartnerClientError, DisablePartnerClientErrorCode {
        /// There is no such client, or it is disabled already.
        ClientNotFound => "auth-client-not-found",
    }
}

refusal! {
    /// Why `requestDataExport` was refused.
    RequestDataExportError, RequestDataExportErrorCode {
        /// There is a request of the last hour.
        AlreadyRequested => "auth-export-already-requested",
    }
}

refusal! {
    /// Why `deleteAccount` was refused.
    DeleteAccountError, DeleteAccountErrorCode {
        /// Not the account's password.
        PasswordWrong => "auth-current-password-wrong",
        /// The platform would be left without an operator.
        LastAdmin => "auth-last-admin",
    }
}

refusal! {
    /// Why `setConsents` was refused.
    SetConsentsError, SetConsentsErrorCode {
        /// The service cannot work without this consent.
        ConsentRequired => "auth-consent-required",
        /// A kind is named twice.
        Duplicate => "auth-consent-duplicate",
    }
}

refusal! {
    /// Why `impersonateUser` was refused.
    ImpersonateUserError, ImpersonateUserErrorCode {
        /// There is no such account.
        UserNotFound => "auth-user-not-found",
        /// It is your own account.
        OwnAccount => "auth-own-account",
        /// The account looks after others: only ordinary accounts are impersonated.
        Staff => "auth-impersonate-staff",
        /// Empty, longer than 500 characters, or with control characters.
        ReasonInvalid => "auth-reason-invalid",
        /// Not 1 to 30.
        MinutesInvalid => "auth-minutes-invalid",
    }
}

refusal! {
    /// Why `endImpersonation` was refused.
    EndImpersonationError, EndImpersonationErrorCode {
        /// There is no such impersonation, or it has ended.
        NotFound => "auth-impersonation-not-found",
    }
}
