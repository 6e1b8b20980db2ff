//! What community says: reviews that come, change and go, posts, follows, and what is reported and moderated.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::{Uuid, uuid};

use super::Payload;

const SAMPLE_REVIEW: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8201");
const SAMPLE_BOOK: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8101");
const SAMPLE_USER: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8057");
const SAMPLE_POST: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8202");
const SAMPLE_CASE: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8205");

/// A reader's verdict on a book as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewState {
    /// The review; a reader has at most one per book.
    pub review_id: Uuid,
    /// The book.
    pub book_id: Uuid,
    /// The reader.
    pub user_id: Uuid,
    /// Half stars, 1 to 10; none when only text was written.
    pub half_stars: Option<u8>,
    /// Whether there is text beside the rating.
    pub has_text: bool,
    /// When it was last written; a consumer drops what is older than what it has.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl ReviewState {
    fn sample(half_stars: u8, at: OffsetDateTime) -> Self {
        Self {
            review_id: SAMPLE_REVIEW,
            book_id: SAMPLE_BOOK,
            user_id: SAMPLE_USER,
            half_stars: Some(half_stars),
            has_text: true,
            at,
        }
    }
}

/// A review is public: `review.posted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewPosted {
    /// The review.
    #[serde(flatten)]
    pub review: ReviewState,
}

impl Payload for ReviewPosted {
    const DOMAIN: &'static str = "community";
    const TYPE: &'static str = "review.posted";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.review.review_id.to_string()
    }

    fn sample() -> Self {
        Self {
            review: ReviewState::sample(8, datetime!(2026-01-20 19:00 UTC)),
        }
    }
}

/// A review changed: `review.updated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewUpdated {
    /// The review.
    #[serde(flatten)]
    pub review: ReviewState,
}

impl Payload for ReviewUpdated {
    const DOMAIN: &'static str = "community";
    const TYPE: &'static str = "review.updated";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.review.review_id.to_string()
    }

    fn sample() -> Self {
        Self {
            review: ReviewState::sample(9, datetime!(2026-01-21 07:00 UTC)),
        }
    }
}

/// A review is no longer public, by its author or a moderator: `review.removed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRemoved {
    /// The review.
    pub review_id: Uuid,
    /// The book.
    pub book_id: Uuid,
    /// When it was removed.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl Payload for ReviewRemoved {
    const DOMAIN: &'static str = "community";
    const TYPE: &'static str = "review.removed";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.review_id.to_string()
    }

    fn sample() -> Self {
        Self {
            review_id: SAMPLE_REVIEW,
            book_id: SAMPLE_BOOK,
            at: datetime!(2026-01-22 12:00 UTC),
        }
    }
}

/// A person began or ceased to follow another: `user.followed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFollowed {
    /// Who follows.
    pub follower_id: Uuid,
    /// Who is followed.
    pub user_id: Uuid,
    /// Whether they follow now.
    pub following: bool,
    /// When it was decided; a consumer drops what is older than what it has.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl Payload for UserFollowed {
    const DOMAIN: &'static str = "community";
    const TYPE: &'static str = "user.followed";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            follower_id: uuid!("01890a5d-ac96-774b-bcce-b302099a8060"),
            user_id: SAMPLE_USER,
            following: true,
            at: datetime!(2026-01-21 07:15 UTC),
        }
    }
}

/// Someone opened a topic or answered in one: `post.created`. What it says is not told, as who may read it is community's to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostCreated {
    /// The post.
    pub post_id: Uuid,
    /// Its topic.
    pub topic_id: Uuid,
    /// The forum, when it is in one.
    pub forum_id: Option<Uuid>,
    /// The book club, when it is in one.
    pub club_id: Option<Uuid>,
    /// Who wrote it.
    pub author_id: Uuid,
    /// The post that it answers; none when it opens the topic.
    pub parent_id: Option<Uuid>,
    /// Who wrote that.
    pub parent_author_id: Option<Uuid>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl Payload for PostCreated {
    const DOMAIN: &'static str = "community";
    const TYPE: &'static str = "post.created";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.topic_id.to_string()
    }

    fn sample() -> Self {
        Self {
            post_id: SAMPLE_POST,
            topic_id: uuid!("01890a5d-ac96-774b-bcce-b302099a8203"),
            forum_id: Some(uuid!("01890a5d-ac96-774b-bcce-b302099a9001")),
            club_id: None,
            author_id: SAMPLE_USER,
            parent_id: Some(uuid!("01890a5d-ac96-774b-bcce-b302099a8204")),
            parent_author_id: Some(uuid!("01890a5d-ac96-774b-bcce-b302099a8060")),
            created_at: datetime!(2026-01-21 08:00 UTC),
        }
    }
}

/// Someone reported a content: `content.reported`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentReported {
    /// The case that the report belongs to.
    pub case_id: Uuid,
    /// `POST` or `REVIEW`.
    pub kind: String,
    /// The post or review.
    pub content_id: Uuid,
    /// Who wrote it.
    pub author_id: Uuid,
    /// `SPAM`, `HARASSMENT`, …
    pub reason: String,
    /// Whether this report made it hide until a moderator has looked.
    pub hidden: bool,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl Payload for ContentReported {
    const DOMAIN: &'static str = "community";
    const TYPE: &'static str = "content.reported";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.case_id.to_string()
    }

    fn sample() -> Self {
        Self {
            case_id: SAMPLE_CASE,
            kind: "POST".to_owned(),
            content_id: SAMPLE_POST,
            author_id: SAMPLE_USER,
            reason: "SPAM".to_owned(),
            hidden: false,
            at: datetime!(2026-01-21 09:00 UTC),
        }
    }
}

/// A moderator decided what becomes of a content: `content.moderated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentModerated {
    /// The case.
    pub case_id: Uuid,
    /// `POST` or `REVIEW`.
    pub kind: String,
    /// The post or review.
    pub content_id: Uuid,
    /// Who wrote it.
    pub author_id: Uuid,
    /// `KEPT`, `REMOVED`, `UPHELD` (an appeal changed nothing) or `OVERTURNED` (an appeal brought it back).
    pub decision: String,
    /// Why it was removed: `SPAM`, `HARASSMENT`, …; none when it was kept.
    pub reason: Option<String>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl Payload for ContentModerated {
    const DOMAIN: &'static str = "community";
    const TYPE: &'static str = "content.moderated";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.case_id.to_string()
    }

    fn sample() -> Self {
        Self {
            case_id: SAMPLE_CASE,
            kind: "POST".to_owned(),
            content_id: SAMPLE_POST,
            author_id: SAMPLE_USER,
            decision: "REMOVED".to_owned(),
            reason: Some("SPAM".to_owned()),
            at: datetime!(2026-01-21 10:30 UTC),
        }
    }
}

/// An author appealed against a removal, and the case waits for a moderator again: `content.appealed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentAppealed {
    /// The case.
    pub case_id: Uuid,
    /// `POST` or `REVIEW`.
    pub kind: String,
    /// The post or review.
    pub content_id: Uuid,
    /// Who wrote it.
    pub author_id: Uuid,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl Payload for ContentAppealed {
    const DOMAIN: &'static str = "community";
    const TYPE: &'static str = "content.appealed";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.case_id.to_string()
    }

    fn sample() -> Self {
        Self {
            case_id: SAMPLE_CASE,
            kind: "POST".to_owned(),
            content_id: SAMPLE_POST,
            author_id: SAMPLE_USER,
            at: datetime!(2026-01-23 18:00 UTC),
        }
    }
}
