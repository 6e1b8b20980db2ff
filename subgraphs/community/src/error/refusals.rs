//! Why mutations refuse, each with the message for readers.

use coko_core::graphql::Refusal;
use coko_core::refusal;
use coko_core::text::TextError;

use crate::model::prose::ProseError;

/// Why a text is not accepted, whichever mutation it came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextReason {
    Empty,
    TooLong,
    Invalid,
    TooManyLinks,
    TooManyImages,
}

/// The refusal of a text in `field`.
pub(crate) fn text_refused<C: From<TextReason>>(
    error: ProseError,
    field: &'static str,
) -> Refusal<C> {
    match error {
        ProseError::Text(TextError::Empty) => Refusal::field(TextReason::Empty.into(), field),
        ProseError::Text(TextError::TooLong { max }) => {
            Refusal::beyond(TextReason::TooLong.into(), field, max)
        }
        ProseError::Text(TextError::Control) | ProseError::Nested => {
            Refusal::field(TextReason::Invalid.into(), field)
        }
        ProseError::Links(max) => Refusal::beyond(TextReason::TooManyLinks.into(), field, max),
        ProseError::Images(max) => Refusal::beyond(TextReason::TooManyImages.into(), field, max),
    }
}

/// Gives the codes of a mutation that takes text those of texts; a function cannot implement traits.
macro_rules! takes_text {
    ($($code:ident),+) => {
        $(impl From<TextReason> for $code {
            fn from(reason: TextReason) -> Self {
                match reason {
                    TextReason::Empty => Self::TextEmpty,
                    TextReason::TooLong => Self::TextTooLong,
                    TextReason::Invalid => Self::TextInvalid,
                    TextReason::TooManyLinks => Self::TooManyLinks,
                    TextReason::TooManyImages => Self::TooManyImages,
                }
            }
        })+
    };
}

takes_text!(
    SaveReviewErrorCode,
    CreateTopicErrorCode,
    CreatePostErrorCode,
    EditPostErrorCode,
    ClubErrorCode,
    CreateCommunityEventErrorCode
);

refusal! {
    /// Why a review was not taken.
    SaveReviewError, SaveReviewErrorCode {
        /// It has neither a rating nor a text.
        NothingSaid => "community-nothing-said",
        /// The rating is not 1 to 10 half stars.
        RatingInvalid => "community-rating-invalid",
        /// Moderators removed your review of this book: appeal, or delete it.
        Removed => "community-review-removed",
        /// The text is empty.
        TextEmpty => "core-text-empty",
        /// The text is too long.
        TextTooLong => "core-text-too-long",
        /// The text has characters or a structure that are not accepted.
        TextInvalid => "community-text-invalid",
        /// More links than your account may write yet.
        TooManyLinks => "community-too-many-links",
        /// More pictures than your account may show yet.
        TooManyImages => "community-too-many-images",
    }
}

refusal! {
    /// Why a review was not deleted.
    DeleteReviewError, DeleteReviewErrorCode {
        /// You have none of this book.
        NotFound => "core-not-found",
    }
}

refusal! {
    /// Why a topic was not opened or changed.
    CreateTopicError, CreateTopicErrorCode {
        /// No such forum, club or topic, or not for you.
        NotFound => "core-not-found",
        /// Name either a forum or a club.
        PlaceAmbiguous => "community-place-ambiguous",
        /// The title is empty, too long, or has characters that are not accepted.
        TitleInvalid => "community-title-invalid",
        /// A tag is empty, too long, or has no letter.
        TagInvalid => "community-tag-invalid",
        /// More tags than a topic can have.
        TooManyTags => "community-too-many-tags",
        /// The place in the book is not between 0 and 1, or no book is named.
        PositionInvalid => "community-position-invalid",
        /// You opened as many topics as your account may within a day.
        TooManyTopics => "community-too-many-topics",
        /// The text is empty.
        TextEmpty => "core-text-empty",
        /// The text is too long.
        TextTooLong => "core-text-too-long",
        /// The text has characters or a structure that are not accepted.
        TextInvalid => "community-text-invalid",
        /// More links than your account may write yet.
        TooManyLinks => "community-too-many-links",
        /// More pictures than your account may show yet.
        TooManyImages => "community-too-many-images",
    }
}

refusal! {
    /// Why a post was not taken.
    CreatePostError, CreatePostErrorCode {
        /// No such topic or post, or not for you.
        NotFound => "core-not-found",
        /// The topic is closed.
        Locked => "community-topic-locked",
        /// The place in the book is not between 0 and 1.
        PositionInvalid => "community-position-invalid",
        /// The text is empty.
        TextEmpty => "core-text-empty",
        /// The text is too long.
        TextTooLong => "core-text-too-long",
        /// The text has characters or a structure that are not accepted.
        TextInvalid => "community-text-invalid",
        /// More links than your account may write yet.
        TooManyLinks => "community-too-many-links",
        /// More pictures than your account may show yet.
        TooManyImages => "community-too-many-images",
    }
}

refusal! {
    /// Why a post was not changed or deleted.
    EditPostError, EditPostErrorCode {
        /// No such post of yours, or it can no longer be changed.
        NotFound => "core-not-found",
        /// The topic is closed.
        Locked => "community-topic-locked",
        /// The text is empty.
        TextEmpty => "core-text-empty",
        /// The text is too long.
        TextTooLong => "core-text-too-long",
        /// The text has characters or a structure that are not accepted.
        TextInvalid => "community-text-invalid",
        /// More links than your account may write yet.
        TooManyLinks => "community-too-many-links",
        /// More pictures than your account may show yet.
        TooManyImages => "community-too-many-images",
    }
}

refusal! {
    /// Why nothing changed between two people.
    RelationError, RelationErrorCode {
        /// No such person, or not for you.
        NotFound => "core-not-found",
        /// It is you.
        Yourself => "community-yourself",
    }
}

refusal! {
    /// Why a forum was not made or changed.
    ForumError, ForumErrorCode {
        /// No such forum.
        NotFound => "core-not-found",
        /// The address is not 2 to 60 of `a-z`, `0-9` and single hyphens.
        SlugInvalid => "community-slug-invalid",
        /// Another forum has this address.
        SlugTaken => "community-slug-taken",
        /// A name or description is empty, too long, or has characters that are not accepted.
        NameInvalid => "community-name-invalid",
        /// There are as many forums as one page shows.
        TooManyForums => "community-too-many-forums",
    }
}

refusal! {
    /// Why nothing changed in a club.
    ClubError, ClubErrorCode {
        /// No such club or person, or not for you.
        NotFound => "core-not-found",
        /// The name is empty, too long, or has characters that are not accepted.
        NameInvalid => "community-name-invalid",
        /// You own as many clubs as one may.
        TooManyClubs => "community-too-many-clubs",
        /// The club is full, or too many wait to be admitted.
        Full => "community-club-full",
        /// The owner cannot leave: disband the club.
        OwnerStays => "community-owner-stays",
        /// An entry of the schedule has no title, or no place between 0 and 1.
        ScheduleInvalid => "community-schedule-invalid",
        /// The schedule is too long.
        ScheduleTooLong => "community-schedule-too-long",
        /// The text is empty.
        TextEmpty => "core-text-empty",
        /// The text is too long.
        TextTooLong => "core-text-too-long",
        /// The text has characters or a structure that are not accepted.
        TextInvalid => "community-text-invalid",
        /// More links than your account may write yet.
        TooManyLinks => "community-too-many-links",
        /// More pictures than your account may show yet.
        TooManyImages => "community-too-many-images",
    }
}

refusal! {
    /// Why a community event was not announced.
    CreateCommunityEventError, CreateCommunityEventErrorCode {
        /// No such club, or you do not run it.
        NotFound => "core-not-found",
        /// Your account is too new to announce events for everyone.
        TooNew => "community-too-new",
        /// The title is empty, too long, or has characters that are not accepted.
        TitleInvalid => "community-title-invalid",
        /// There is neither a place nor an `https` address, or one that is not accepted.
        PlaceInvalid => "community-event-place-invalid",
        /// It begins in the past or too far ahead, or ends before it begins, or lasts too long.
        TimeInvalid => "community-event-time-invalid",
        /// The capacity is not at least 1.
        CapacityInvalid => "community-capacity-invalid",
        /// The text is empty.
        TextEmpty => "core-text-empty",
        /// The text is too long.
        TextTooLong => "core-text-too-long",
        /// The text has characters or a structure that are not accepted.
        TextInvalid => "community-text-invalid",
        /// More links than your account may write yet.
        TooManyLinks => "community-too-many-links",
        /// More pictures than your account may show yet.
        TooManyImages => "community-too-many-images",
    }
}

refusal! {
    /// Why nothing changed about a community event.
    CommunityEventError, CommunityEventErrorCode {
        /// No such event, or not for you.
        NotFound => "core-not-found",
        /// It is over, or called off.
        Over => "community-event-over",
        /// There is no room left.
        Full => "community-event-full",
    }
}

refusal! {
    /// Why a report was not taken.
    ReportContentError, ReportContentErrorCode {
        /// No such content, or not for you.
        NotFound => "core-not-found",
        /// It is your own: delete it.
        Yours => "community-report-own",
        /// Say in the note why, where no reason fits; at most 2,000 characters.
        NoteInvalid => "community-note-invalid",
    }
}

refusal! {
    /// Why a case was not decided, or an appeal not taken.
    ModerationError, ModerationErrorCode {
        /// No such case, or not for you.
        NotFound => "core-not-found",
        /// Nothing waits to be decided here any more.
        NotOpen => "community-case-not-open",
        /// It is about yourself.
        Own => "community-case-own",
        /// You made the decision that is appealed: another moderator decides.
        OwnDecision => "community-case-own-decision",
        /// A removal needs a reason.
        ReasonMissing => "community-reason-missing",
        /// The text is empty, longer than 2,000 characters, or has characters that are not accepted.
        NoteInvalid => "community-note-invalid",
        /// The time to appeal is over, or there was an appeal.
        NotAppealable => "community-not-appealable",
    }
}
