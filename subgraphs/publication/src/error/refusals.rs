//! The reasons for which each mutation may refuse.

use coko_core::refusal;

refusal! {
    /// Why an organisation could not be made or changed.
    OrganizationError, OrganizationErrorCode {
        /// No such organisation of yours.
        NotFound => "core-not-found",
        /// A value is required.
        Required => "core-text-empty",
        /// The text is too long.
        TooLong => "core-text-too-long",
        /// The text contains control characters.
        ControlCharacters => "core-text-control",
        /// Another organisation has this name.
        NameTaken => "publication-name-taken",
        /// Not an ISO 3166-1 alpha-2 country.
        InvalidCountry => "publication-invalid-country",
        /// Someone else changed it meanwhile.
        VersionConflict => "publication-version-conflict",
        /// You belong to too many organisations.
        TooMany => "publication-too-many",
    }
}

refusal! {
    /// Why a member could not be added, changed or removed.
    OrganizationMemberError, OrganizationMemberErrorCode {
        /// No such organisation of yours, or no such member.
        NotFound => "core-not-found",
        /// No such account.
        UnknownUser => "publication-unknown-user",
        /// An organisation keeps at least one owner.
        LastOwner => "publication-last-owner",
        /// There are too many.
        TooMany => "publication-too-many",
    }
}

refusal! {
    /// Why a manuscript could not be made or changed.
    ManuscriptError, ManuscriptErrorCode {
        /// No such manuscript or organisation of yours.
        NotFound => "core-not-found",
        /// Someone else changed it meanwhile.
        VersionConflict => "publication-version-conflict",
        /// It can be changed only as a draft, or when changes were asked for.
        IllegalStatus => "publication-not-editable",
        /// A value is required.
        Required => "core-text-empty",
        /// The text is too long.
        TooLong => "core-text-too-long",
        /// The text contains control characters.
        ControlCharacters => "core-text-control",
        /// Not a BCP 47 language.
        InvalidLanguage => "publication-invalid-language",
        /// Not an ISBN, or its check digit is wrong.
        InvalidIsbn => "publication-invalid-isbn",
        /// Another manuscript has this ISBN.
        IsbnTaken => "publication-isbn-taken",
        /// Not made of a-z, 0-9 and single hyphens.
        InvalidCategory => "publication-invalid-category",
        /// Not above zero, or too high.
        InvalidPrice => "publication-invalid-price",
        /// The same value is given twice.
        Duplicate => "publication-duplicate",
        /// There are too many values.
        TooMany => "publication-too-many",
    }
}

refusal! {
    /// Why a version could not be added.
    ManuscriptVersionError, ManuscriptVersionErrorCode {
        /// No such manuscript of yours.
        NotFound => "core-not-found",
        /// It can be changed only as a draft, or when changes were asked for.
        IllegalStatus => "publication-not-editable",
        /// No such file was uploaded for this manuscript's book, or it is still being looked at.
        FileUnknown => "publication-file-unknown",
        /// The file cannot be used.
        FileRejected => "publication-file-rejected",
        /// The file is not the text of a book.
        WrongKind => "publication-wrong-kind",
        /// The text is too long.
        TooLong => "core-text-too-long",
        /// The text contains control characters.
        ControlCharacters => "core-text-control",
        /// There are too many versions.
        TooMany => "publication-too-many",
    }
}

refusal! {
    /// Why a manuscript could not go on to the next state.
    ManuscriptStepError, ManuscriptStepErrorCode {
        /// No such manuscript, or not yours to see.
        NotFound => "core-not-found",
        /// Not possible in this state; `allowed` says what is.
        IllegalTransition => "publication-illegal-transition",
        /// Your own organisation's manuscript is for others to review.
        OwnWork => "publication-own-work",
        /// It has no version to submit.
        NoVersion => "publication-no-version",
        /// The file of its newest version cannot be used.
        FileRejected => "publication-file-rejected",
        /// The validation found errors in the file of its newest version.
        FileHasErrors => "publication-file-has-errors",
        /// Something that a book needs is missing.
        Incomplete => "publication-incomplete",
        /// Say why.
        CommentRequired => "publication-comment-required",
        /// The text is too long.
        TooLong => "core-text-too-long",
        /// The text contains control characters.
        ControlCharacters => "core-text-control",
        /// In the past, or more than two years ahead.
        InvalidDate => "publication-invalid-date",
    }
}

refusal! {
    /// Why a comment could not be made.
    ManuscriptCommentError, ManuscriptCommentErrorCode {
        /// No such manuscript, or not yours to see.
        NotFound => "core-not-found",
        /// A value is required.
        Required => "core-text-empty",
        /// The text is too long.
        TooLong => "core-text-too-long",
        /// The text contains control characters.
        ControlCharacters => "core-text-control",
    }
}

refusal! {
    /// Why an ONIX message could not be imported.
    ImportOnixError, ImportOnixErrorCode {
        /// No such organisation of yours.
        NotFound => "core-not-found",
        /// The message is larger than accepted, or has more products.
        TooLarge => "publication-onix-too-large",
        /// It is no ONIX message, or not well-formed.
        Malformed => "publication-onix-malformed",
    }
}

refusal! {
    /// Why a contract could not be made.
    ContractError, ContractErrorCode {
        /// No such manuscript of yours.
        NotFound => "core-not-found",
        /// The shares do not sum to 10,000.
        SharesNotWhole => "publication-shares-not-whole",
        /// A share is 1 to 10,000.
        InvalidShare => "publication-invalid-share",
        /// No such account or organisation.
        UnknownParty => "publication-unknown-party",
        /// The same value is given twice.
        Duplicate => "publication-duplicate",
        /// There are too many values.
        TooMany => "publication-too-many",
        /// Not an ISO 3166-1 alpha-2 country.
        InvalidTerritory => "publication-invalid-country",
        /// It ends before it begins, or begins in the past.
        InvalidTerm => "publication-invalid-term",
        /// Another contract of this manuscript is for the same place and time.
        Overlap => "publication-contract-overlap",
    }
}

refusal! {
    /// Why a contract could not be ended.
    EndContractError, EndContractErrorCode {
        /// No such contract of yours.
        NotFound => "core-not-found",
        /// Before it began, in the past, or later than it ends already.
        InvalidTerm => "publication-invalid-term",
    }
}

refusal! {
    /// Why a payout could not be asked for.
    RequestPayoutError, RequestPayoutErrorCode {
        /// No such account of yours.
        NotFound => "core-not-found",
        /// Less than is paid out at least.
        BelowThreshold => "publication-below-threshold",
        /// More than is owed.
        NotEnough => "publication-not-enough",
        /// Another payout of this account is under way.
        AlreadyRequested => "publication-already-requested",
        /// Not a phone number with its country: `+221771234567`.
        InvalidMobile => "publication-invalid-mobile",
        /// A value is required.
        Required => "core-text-empty",
        /// The text is too long.
        TooLong => "core-text-too-long",
        /// The text contains control characters.
        ControlCharacters => "core-text-control",
    }
}

refusal! {
    /// Why a payout could not be settled.
    SettlePayoutError, SettlePayoutErrorCode {
        /// No such payout.
        NotFound => "core-not-found",
        /// It is settled already.
        AlreadySettled => "publication-already-settled",
        /// A value is required.
        Required => "core-text-empty",
        /// The text is too long.
        TooLong => "core-text-too-long",
        /// The text contains control characters.
        ControlCharacters => "core-text-control",
    }
}
