//! What can be told, and how unless somebody decides otherwise.

use coko_core::text_enum;
use time::Duration;

use super::channel::Channel;

text_enum! {
    /// What belongs together when somebody decides what they want to hear.
    #[graphql(name = "NotificationWorkflow")]
    pub(crate) Workflow {
        /// Welcome, roles, suspensions.
        Account = "ACCOUNT",
        /// Every sign-in; nothing unless asked for.
        SignIn = "SIGN_IN",
        /// Signs that somebody else uses the account.
        Security = "SECURITY",
        /// Payments and refunds.
        Payment = "PAYMENT",
        /// Books that come into the library, or leave it.
        Library = "LIBRARY",
        /// Subscriptions that begin and end.
        Subscription = "SUBSCRIPTION",
        /// Days of reading in a row.
        Streak = "STREAK",
        /// Badges, levels, challenges.
        Achievement = "ACHIEVEMENT",
        /// New followers.
        Follower = "FOLLOWER",
        /// Answers to one's posts.
        Reply = "REPLY",
        /// What moderators decide about one's posts and reviews.
        Moderation = "MODERATION",
        /// Files and works of authors and publishers.
        Publishing = "PUBLISHING",
        /// Announcements of the platform.
        Announcement = "ANNOUNCEMENT",
    }
}

impl Workflow {
    /// The channels that it uses unless the person decides otherwise.
    pub(crate) fn channels(self) -> &'static [Channel] {
        use Channel::{Email, InApp, Push};
        match self {
            Self::SignIn => &[],
            Self::Account | Self::Subscription | Self::Moderation | Self::Publishing => {
                &[InApp, Email]
            }
            Self::Library | Self::Streak | Self::Achievement | Self::Follower => &[InApp, Push],
            Self::Security | Self::Payment | Self::Reply | Self::Announcement => {
                &[InApp, Email, Push]
            }
        }
    }

    /// How long several of the same are collected by default before they leave as one.
    pub(crate) fn digest(self) -> Option<Duration> {
        match self {
            Self::Achievement => Some(Duration::minutes(5)),
            Self::Follower | Self::Reply => Some(Duration::minutes(10)),
            _ => None,
        }
    }

    /// The name as message keys have it.
    pub(crate) fn key(self) -> String {
        key(self.as_str())
    }
}

text_enum! {
    /// What somebody is told.
    #[graphql(name = "NotificationKind")]
    pub(crate) Kind {
        /// The account is open.
        Welcome = "WELCOME",
        /// The account has another role.
        RoleGranted = "ROLE_GRANTED",
        /// The account has a role less.
        RoleTaken = "ROLE_TAKEN",
        /// The account was suspended.
        AccountSuspended = "ACCOUNT_SUSPENDED",
        /// The account is open again.
        AccountReopened = "ACCOUNT_REOPENED",
        /// Somebody signed in.
        NewSignIn = "NEW_SIGN_IN",
        /// A stolen session was closed.
        SessionStolen = "SESSION_STOLEN",
        /// Somebody asked for a copy of everything.
        ExportRequested = "EXPORT_REQUESTED",
        /// An order was paid.
        PaymentReceived = "PAYMENT_RECEIVED",
        /// A payment failed.
        PaymentFailed = "PAYMENT_FAILED",
        /// An order was paid back.
        OrderRefunded = "ORDER_REFUNDED",
        /// A book is in the library.
        BookAvailable = "BOOK_AVAILABLE",
        /// A book left the library.
        BookRevoked = "BOOK_REVOKED",
        /// A subscription began.
        SubscriptionActivated = "SUBSCRIPTION_ACTIVATED",
        /// A subscription goes on.
        SubscriptionRenewed = "SUBSCRIPTION_RENEWED",
        /// A subscription will end.
        SubscriptionCancelled = "SUBSCRIPTION_CANCELLED",
        /// A subscription ended.
        SubscriptionExpired = "SUBSCRIPTION_EXPIRED",
        /// Many days of reading in a row.
        StreakReached = "STREAK_REACHED",
        /// A badge was earned.
        BadgeAwarded = "BADGE_AWARDED",
        /// A level was reached.
        LevelReached = "LEVEL_REACHED",
        /// A challenge was completed.
        ChallengeCompleted = "CHALLENGE_COMPLETED",
        /// Somebody follows.
        NewFollower = "NEW_FOLLOWER",
        /// Somebody answered a post.
        PostReply = "POST_REPLY",
        /// A content was hidden until a moderator has looked.
        ContentHidden = "CONTENT_HIDDEN",
        /// A content was removed.
        ContentRemoved = "CONTENT_REMOVED",
        /// A content is to be seen again, or stays so.
        ContentRestored = "CONTENT_RESTORED",
        /// An appeal changed nothing.
        AppealRefused = "APPEAL_REFUSED",
        /// A file can be used.
        FileReady = "FILE_READY",
        /// A file cannot be used.
        FileRejected = "FILE_REJECTED",
        /// A work reaches readers.
        WorkPublished = "WORK_PUBLISHED",
        /// Something that operators say.
        Announcement = "ANNOUNCEMENT",
        /// Something that operators say and that nobody may miss.
        UrgentAnnouncement = "URGENT_ANNOUNCEMENT",
    }
}

impl Kind {
    /// What it belongs to.
    pub(crate) fn workflow(self) -> Workflow {
        match self {
            Self::Welcome
            | Self::RoleGranted
            | Self::RoleTaken
            | Self::AccountSuspended
            | Self::AccountReopened => Workflow::Account,
            Self::NewSignIn => Workflow::SignIn,
            Self::SessionStolen | Self::ExportRequested => Workflow::Security,
            Self::PaymentReceived | Self::PaymentFailed | Self::OrderRefunded => Workflow::Payment,
            Self::BookAvailable | Self::BookRevoked => Workflow::Library,
            Self::SubscriptionActivated
            | Self::SubscriptionRenewed
            | Self::SubscriptionCancelled
            | Self::SubscriptionExpired => Workflow::Subscription,
            Self::StreakReached => Workflow::Streak,
            Self::BadgeAwarded | Self::LevelReached | Self::ChallengeCompleted => {
                Workflow::Achievement
            }
            Self::NewFollower => Workflow::Follower,
            Self::PostReply => Workflow::Reply,
            Self::ContentHidden
            | Self::ContentRemoved
            | Self::ContentRestored
            | Self::AppealRefused => Workflow::Moderation,
            Self::FileReady | Self::FileRejected | Self::WorkPublished => Workflow::Publishing,
            Self::Announcement | Self::UrgentAnnouncement => Workflow::Announcement,
        }
    }

    /// Whether nobody may miss it: neither preferences nor quiet hours nor digests hold it back.
    pub(crate) fn is_critical(self) -> bool {
        matches!(
            self,
            Self::AccountSuspended
                | Self::AccountReopened
                | Self::SessionStolen
                | Self::ExportRequested
                | Self::UrgentAnnouncement
        )
    }

    /// How long a push message may stay unread before it follows as an SMS: always for what is critical, else where the person
    /// takes such SMS.
    pub(crate) fn escalation(self) -> Option<Duration> {
        match self {
            Self::SessionStolen => Some(Duration::minutes(5)),
            Self::PaymentFailed | Self::OrderRefunded => Some(Duration::minutes(15)),
            Self::UrgentAnnouncement => Some(Duration::minutes(30)),
            _ => None,
        }
    }

    /// The name as message keys have it.
    pub(crate) fn key(self) -> String {
        key(self.as_str())
    }
}

fn key(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_critical_reaches_people_by_more_than_their_list() {
        for kind in Kind::ALL.iter().filter(|kind| kind.is_critical()) {
            let channels = kind.workflow().channels();
            assert!(channels.contains(&Channel::Email), "{kind:?}");
        }
    }

    #[test]
    fn what_escalates_is_pushed_first() {
        for kind in Kind::ALL.iter().filter(|kind| kind.escalation().is_some()) {
            let channels = kind.workflow().channels();
            assert!(channels.contains(&Channel::Push), "{kind:?}");
            assert!(kind.workflow().digest().is_none(), "{kind:?}");
        }
    }
}
