//! Who follows whom, and who wants nothing of whom.

use coko_core::text_enum;
use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::member::Privacy;
use crate::tables::{barriers, follows};

text_enum! {
    /// What keeps someone from another.
    pub(crate) BarrierKind {
        /// Neither sees or reaches the other.
        Block = "BLOCK",
        /// The one who muted does not see the other, who does not notice.
        Mute = "MUTE",
    }
}

/// Someone follows someone.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, QueryableByName, Insertable)]
#[diesel(table_name = follows)]
pub(crate) struct Follow {
    pub(crate) id: Uuid,
    pub(crate) follower_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) created_at: OffsetDateTime,
}

/// Someone blocked or muted someone.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, QueryableByName, Insertable)]
#[diesel(table_name = barriers)]
pub(crate) struct Barrier {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) other_id: Uuid,
    pub(crate) kind: BarrierKind,
    pub(crate) created_at: OffsetDateTime,
}

/// Whether the lists of whom someone follows and is followed by are open to a viewer.
pub(crate) fn lists_are_open(
    (owner, privacy): (Uuid, Privacy),
    viewer: Option<Uuid>,
    follows: bool,
    moderates: bool,
) -> bool {
    moderates
        || viewer == Some(owner)
        || match privacy {
            Privacy::Public => true,
            Privacy::Followers => follows,
            Privacy::Private => false,
        }
}
