//! What gamification says: what readers reach.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::{Uuid, uuid};

use super::Payload;

const SAMPLE_USER: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8001");
const SAMPLE_CHALLENGE: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8701");

/// A reader has a badge: `badge.awarded`, said once for each reader and badge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadgeAwarded {
    /// The reader.
    pub user_id: Uuid,
    /// The badge: `first-book`.
    pub badge_code: String,
    /// The version of the rule by which it was awarded.
    pub rule_version: i32,
    /// Its name in French.
    pub name_fr: String,
    /// Its name in English.
    pub name_en: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub awarded_at: OffsetDateTime,
}

impl Payload for BadgeAwarded {
    const DOMAIN: &'static str = "gamification";
    const TYPE: &'static str = "badge.awarded";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            user_id: SAMPLE_USER,
            badge_code: "first-book".to_owned(),
            rule_version: 1,
            name_fr: "Premier livre".to_owned(),
            name_en: "First book".to_owned(),
            awarded_at: datetime!(2026-02-09 22:11 UTC),
        }
    }
}

/// A reader is on a higher level: `level.reached`, said once for each reader and level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelReached {
    /// The reader.
    pub user_id: Uuid,
    /// The level's number, from 2.
    pub level: i32,
    /// Its name in French.
    pub name_fr: String,
    /// Its name in English.
    pub name_en: String,
    /// The reader's points.
    pub points: i64,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub reached_at: OffsetDateTime,
}

impl Payload for LevelReached {
    const DOMAIN: &'static str = "gamification";
    const TYPE: &'static str = "level.reached";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            user_id: SAMPLE_USER,
            level: 2,
            name_fr: "Lecteur".to_owned(),
            name_en: "Reader".to_owned(),
            points: 110,
            reached_at: datetime!(2026-02-09 22:11 UTC),
        }
    }
}

/// A reader did what a challenge asks: `challenge.completed`, said once for each reader and challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeCompleted {
    /// The reader.
    pub user_id: Uuid,
    /// The challenge.
    pub challenge_id: Uuid,
    /// Its title in French; a reader's own challenge has the same in both languages.
    pub title_fr: String,
    /// Its title in English.
    pub title_en: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub completed_at: OffsetDateTime,
}

impl Payload for ChallengeCompleted {
    const DOMAIN: &'static str = "gamification";
    const TYPE: &'static str = "challenge.completed";
    const VERSION: u16 = 1;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            user_id: SAMPLE_USER,
            challenge_id: SAMPLE_CHALLENGE,
            title_fr: "Deux livres ce mois-ci".to_owned(),
            title_en: "Two books this month".to_owned(),
            completed_at: datetime!(2026-02-20 19:45 UTC),
        }
    }
}

/// A reader reached something: `achievement.unlocked`. Only the reader's own devices are to hear of it, at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AchievementUnlocked {
    /// What was reached.
    pub achievement_id: Uuid,
    /// The reader.
    pub user_id: Uuid,
}

impl Payload for AchievementUnlocked {
    const DOMAIN: &'static str = "gamification";
    const TYPE: &'static str = "achievement.unlocked";
    const VERSION: u16 = 1;
    const TRANSIENT: bool = true;

    fn subject(&self) -> String {
        self.user_id.to_string()
    }

    fn sample() -> Self {
        Self {
            achievement_id: uuid!("01890a5d-ac96-774b-bcce-b302099a8702"),
            user_id: SAMPLE_USER,
        }
    }
}
