//! What events come to for the people whom they concern. An event that nobody should hear of gives none.

use coko_core::events::auth::{
    SessionRevoked, UserExportRequested, UserLogin, UserRegistered, UserRoleChanged, UserSuspended,
    UserUnsuspended,
};
use coko_core::events::community::{ContentModerated, ContentReported, PostCreated, UserFollowed};
use coko_core::events::file::{FileProcessed, FileRejected};
use coko_core::events::gamification::{BadgeAwarded, ChallengeCompleted, LevelReached};
use coko_core::events::payment::{
    OrderRefunded, PaymentFailed, PaymentSucceeded, SubscriptionState,
};
use coko_core::events::publication::PublicationPublished;
use coko_core::events::reading::{EntitlementGranted, EntitlementRevoked, ReadingStreak};
use uuid::Uuid;

use super::fact::{Fact, Facts};
use super::kind::Kind;

/// Days in a row that are worth a word.
const MILESTONES: [i32; 6] = [7, 30, 50, 100, 200, 365];
/// Files that are announced when they are ready: what takes a while.
const ANNOUNCED_FILES: [&str; 3] = ["EPUB", "PDF", "AUDIO"];

/// Something to tell somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) to: Uuid,
    pub(crate) kind: Kind,
    /// What it is told about once for each kind.
    pub(crate) subject: String,
    pub(crate) facts: Facts,
    /// Where it leads, as a path of the applications.
    pub(crate) link: Option<String>,
}

impl Message {
    fn new<const N: usize>(
        to: Uuid,
        kind: Kind,
        subject: impl ToString,
        facts: [(&str, Fact); N],
    ) -> Self {
        Self {
            to,
            kind,
            subject: subject.to_string(),
            facts: Facts::of(facts),
            link: None,
        }
    }

    fn leading(self, link: impl Into<String>) -> Self {
        Self {
            link: Some(link.into()),
            ..self
        }
    }
}

fn spoken(fr: &str, en: &str) -> Fact {
    Fact::Spoken {
        fr: fr.to_owned(),
        en: en.to_owned(),
    }
}

fn term(code: &str) -> Fact {
    Fact::Term(code.to_owned())
}

/// `user.registered`.
pub(crate) fn registered(event: &UserRegistered) -> Message {
    let name = Fact::Person(event.user_id);
    let (to, kind) = (event.user_id, Kind::Welcome);
    Message::new(to, kind, event.user_id, [("name", name)]).leading("/")
}

/// `user.login`.
pub(crate) fn signed_in(event: &UserLogin) -> Message {
    let facts = [
        ("method", term(&event.method)),
        ("day", Fact::Day(event.at)),
    ];
    let (to, kind) = (event.user_id, Kind::NewSignIn);
    Message::new(to, kind, event.session_id, facts).leading("/account/sessions")
}

/// `user.role.changed`; a role may come and go more than once, so each `event` is told.
pub(crate) fn role_changed(event: &UserRoleChanged, id: Uuid) -> Message {
    let kind = if event.granted {
        Kind::RoleGranted
    } else {
        Kind::RoleTaken
    };
    let role = Fact::Term(format!("role-{}", event.role));
    Message::new(event.user_id, kind, id, [("role", role)]).leading("/account")
}

/// `user.suspended`.
pub(crate) fn suspended(event: &UserSuspended, id: Uuid) -> Message {
    let reason = Fact::Text(event.reason.clone());
    Message::new(
        event.user_id,
        Kind::AccountSuspended,
        id,
        [("reason", reason)],
    )
}

/// `user.unsuspended`.
pub(crate) fn reopened(event: &UserUnsuspended, id: Uuid) -> Message {
    Message::new(event.user_id, Kind::AccountReopened, id, []).leading("/account")
}

/// `session.revoked`: only that of a stolen refresh token; the others are somebody's own doing.
pub(crate) fn session_revoked(event: &SessionRevoked) -> Option<Message> {
    let stolen = event.reason == "REFRESH_REUSE";
    let (to, kind) = (event.user_id, Kind::SessionStolen);
    let message = Message::new(to, kind, event.session_id, []);
    stolen.then(|| message.leading("/account/sessions"))
}

/// `user.export.requested`.
pub(crate) fn export_requested(event: &UserExportRequested) -> Message {
    let day = Fact::Day(event.requested_at);
    let (to, kind) = (event.user_id, Kind::ExportRequested);
    Message::new(to, kind, event.export_id, [("day", day)]).leading("/account/privacy")
}

/// `payment.succeeded`.
pub(crate) fn paid(event: &PaymentSucceeded) -> Message {
    let facts = [
        ("price", Fact::Money(event.price)),
        ("provider", term(&event.provider)),
        ("day", Fact::Day(event.paid_at)),
    ];
    let (to, kind) = (event.user_id, Kind::PaymentReceived);
    Message::new(to, kind, event.order_id, facts).leading(format!("/orders/{}", event.order_id))
}

/// `payment.failed`.
pub(crate) fn payment_failed(event: &PaymentFailed) -> Message {
    let facts = [
        ("provider", term(&event.provider)),
        ("failure", term(&event.failure)),
    ];
    let (to, kind) = (event.user_id, Kind::PaymentFailed);
    Message::new(to, kind, event.attempt_id, facts).leading(format!("/orders/{}", event.order_id))
}

/// `order.refunded`.
pub(crate) fn refunded(event: &OrderRefunded) -> Message {
    let facts = [
        ("price", Fact::Money(event.price)),
        ("reason", Fact::Term(format!("refund-{}", event.reason))),
    ];
    let (to, kind) = (event.user_id, Kind::OrderRefunded);
    Message::new(to, kind, event.order_id, facts).leading(format!("/orders/{}", event.order_id))
}

/// `entitlement.granted`: what was bought or given; what a subscription opens is read as it is found.
pub(crate) fn granted(event: &EntitlementGranted) -> Option<Message> {
    let told = matches!(event.source.as_str(), "PURCHASED" | "GIFTED");
    let subject = event.order_id.unwrap_or(event.book_id);
    let facts = [("title", Fact::Book(event.book_id))];
    let message = Message::new(event.user_id, Kind::BookAvailable, subject, facts);
    told.then(|| message.leading(format!("/books/{}", event.book_id)))
}

/// `entitlement.revoked`: what was withdrawn; refunds and subscriptions that end are told by themselves.
pub(crate) fn revoked(event: &EntitlementRevoked) -> Option<Message> {
    let told = event.reason == "WITHDRAWN";
    let subject = format!("{}:{}", event.book_id, event.revoked_at.unix_timestamp());
    let facts = [("title", Fact::Book(event.book_id))];
    told.then(|| Message::new(event.user_id, Kind::BookRevoked, subject, facts))
}

/// `subscription.…`, by the kind of what happened to it.
pub(crate) fn subscription(kind: Kind, state: &SubscriptionState) -> Message {
    let period = state.period_end.unix_timestamp();
    let subject = format!("{}:{period}", state.subscription_id);
    let facts = [
        ("plan", Fact::Term(format!("plan-{}", state.plan))),
        ("day", Fact::Day(state.period_end)),
    ];
    Message::new(state.user_id, kind, subject, facts).leading("/account/subscription")
}

/// `reading.streak`: only where it is a milestone, and once a month for each.
pub(crate) fn streak(event: &ReadingStreak) -> Option<Message> {
    if !MILESTONES.contains(&event.days) {
        return None;
    }
    let month = event.last_day.get(..7).unwrap_or_default();
    let subject = format!("{}:{month}", event.days);
    let days = Fact::Number(event.days.into());
    let (to, kind) = (event.user_id, Kind::StreakReached);
    Some(Message::new(to, kind, subject, [("days", days)]).leading("/stats"))
}

/// `badge.awarded`.
pub(crate) fn badge(event: &BadgeAwarded) -> Message {
    let badge = spoken(&event.name_fr, &event.name_en);
    let (to, kind) = (event.user_id, Kind::BadgeAwarded);
    Message::new(to, kind, &event.badge_code, [("badge", badge)]).leading("/badges")
}

/// `level.reached`.
pub(crate) fn level(event: &LevelReached) -> Message {
    let facts = [
        ("level", spoken(&event.name_fr, &event.name_en)),
        ("number", Fact::Number(event.level.into())),
    ];
    Message::new(event.user_id, Kind::LevelReached, event.level, facts).leading("/stats")
}

/// `challenge.completed`.
pub(crate) fn challenge(event: &ChallengeCompleted) -> Message {
    let title = spoken(&event.title_fr, &event.title_en);
    let (to, kind) = (event.user_id, Kind::ChallengeCompleted);
    Message::new(to, kind, event.challenge_id, [("title", title)])
        .leading(format!("/challenges/{}", event.challenge_id))
}

/// `user.followed`: once for each follower, however often they change their mind.
pub(crate) fn followed(event: &UserFollowed) -> Option<Message> {
    let name = Fact::Person(event.follower_id);
    let (to, kind) = (event.user_id, Kind::NewFollower);
    let message = Message::new(to, kind, event.follower_id, [("name", name)]);
    event
        .following
        .then(|| message.leading(format!("/people/{}", event.follower_id)))
}

/// `post.created`: to who wrote what it answers, unless they answer themselves.
pub(crate) fn replied(event: &PostCreated) -> Option<Message> {
    let to = event
        .parent_author_id
        .filter(|author| *author != event.author_id)?;
    let facts = [("name", Fact::Person(event.author_id))];
    let link = format!(
        "/community/topics/{}?post={}",
        event.topic_id, event.post_id
    );
    Some(Message::new(to, Kind::PostReply, event.post_id, facts).leading(link))
}

/// `content.reported`: to the author, when it is hidden by it.
pub(crate) fn hidden(event: &ContentReported) -> Option<Message> {
    let facts = [("what", term(&event.kind))];
    let message = Message::new(event.author_id, Kind::ContentHidden, event.case_id, facts);
    event
        .hidden
        .then(|| message.leading("/community/moderation"))
}

/// `content.moderated`: to the author; what was looked at and kept was perhaps never known to be in question.
pub(crate) fn moderated(event: &ContentModerated) -> Option<Message> {
    let kind = match event.decision.as_str() {
        "REMOVED" => Kind::ContentRemoved,
        "UPHELD" => Kind::AppealRefused,
        "OVERTURNED" => Kind::ContentRestored,
        _ => return None,
    };
    let reason = event.reason.as_deref().unwrap_or("OTHER");
    let facts = [("what", term(&event.kind)), ("reason", term(reason))];
    let subject = format!("{}:{}", event.case_id, event.decision);
    Some(Message::new(event.author_id, kind, subject, facts).leading("/community/moderation"))
}

/// `file.processed`: to who uploaded it.
pub(crate) fn file_ready(event: &FileProcessed) -> Option<Message> {
    let to = event.uploaded_by?;
    let told = ANNOUNCED_FILES.contains(&event.kind.as_str());
    let facts = [("what", term(&event.kind))];
    let message = Message::new(to, Kind::FileReady, event.file_id, facts);
    told.then(|| message.leading("/publishing/files"))
}

/// `file.rejected`: to who uploaded it.
pub(crate) fn file_rejected(event: &FileRejected) -> Option<Message> {
    let to = event.uploaded_by?;
    let facts = [("what", term(&event.kind)), ("reason", term(&event.reason))];
    let message = Message::new(to, Kind::FileRejected, event.file_id, facts);
    Some(message.leading("/publishing/files"))
}

/// `publication.published`.
pub(crate) fn published(event: &PublicationPublished) -> Message {
    let title = Fact::Text(event.title.clone());
    let (to, kind) = (event.owner_user_id, Kind::WorkPublished);
    Message::new(to, kind, event.publication_id, [("title", title)]).leading("/publishing")
}

#[cfg(test)]
mod tests {
    use coko_core::events::Payload as _;

    use super::*;

    #[test]
    fn nobody_hears_of_what_they_did_themselves() {
        let post = PostCreated::sample();
        assert!(replied(&post).is_some());
        let own = PostCreated {
            parent_author_id: Some(post.author_id),
            ..post.clone()
        };
        assert_eq!(replied(&own), None);
        let opening = PostCreated {
            parent_author_id: None,
            ..post
        };
        assert_eq!(replied(&opening), None);
    }

    #[test]
    fn only_what_matters_is_told() {
        let streak_of = |days| ReadingStreak {
            days,
            ..ReadingStreak::sample()
        };
        assert_eq!(streak(&streak_of(7)).unwrap().subject, "7:2026-02");
        assert_eq!(streak(&streak_of(8)), None);
        let odd = ReadingStreak {
            last_day: "é".to_owned(),
            ..streak_of(30)
        };
        assert_eq!(streak(&odd).unwrap().subject, "30:");

        let revoked_for = |reason: &str| SessionRevoked {
            reason: reason.to_owned(),
            ..SessionRevoked::sample()
        };
        assert!(session_revoked(&revoked_for("REFRESH_REUSE")).is_some());
        assert_eq!(session_revoked(&revoked_for("LOGOUT")), None);

        let of_source = |source: &str| EntitlementGranted {
            source: source.to_owned(),
            ..EntitlementGranted::sample()
        };
        assert!(granted(&of_source("PURCHASED")).is_some());
        assert!(granted(&of_source("GIFTED")).is_some());
        assert_eq!(granted(&of_source("SUBSCRIPTION")), None);

        let decided = |decision: &str| ContentModerated {
            decision: decision.to_owned(),
            ..ContentModerated::sample()
        };
        assert_eq!(moderated(&decided("KEPT")), None);
        let removed = moderated(&decided("REMOVED")).unwrap();
        assert_eq!(removed.kind, Kind::ContentRemoved);

        let unfollowed = UserFollowed {
            following: false,
            ..UserFollowed::sample()
        };
        assert_eq!(followed(&unfollowed), None);
        assert_eq!(hidden(&ContentReported::sample()), None);
        assert_eq!(file_ready(&FileProcessed::sample()), None);
    }
}
