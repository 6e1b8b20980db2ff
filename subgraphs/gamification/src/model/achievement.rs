//! What a reader reached.

use coko_core::text_enum;
use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::achievements;

text_enum! {
    /// What kind of thing was reached.
    #[graphql(name = "AchievementKind")]
    pub(crate) AchievementKind {
        /// A badge.
        Badge = "BADGE",
        /// A level.
        Level = "LEVEL",
        /// A challenge was completed.
        Challenge = "CHALLENGE",
    }
}

/// Something that a reader reached, once.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = achievements)]
pub(crate) struct Achievement {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) kind: AchievementKind,
    /// The badge's code, the level's number, the challenge's id.
    pub(crate) subject: String,
    /// The version of the badge's rule; 1 where there are no versions.
    pub(crate) version: i32,
    pub(crate) at: OffsetDateTime,
}
