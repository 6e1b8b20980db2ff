//! What somebody was told.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::fact::Facts;
use super::kind::Kind;
use crate::tables::notifications;

/// Something that somebody was told, once for each kind and subject.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = notifications)]
pub(crate) struct Notification {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) kind: Kind,
    /// The order, the post, …: what it is told about once.
    pub(crate) subject: String,
    pub(crate) facts: Facts,
    /// Where it leads, as a path of the applications.
    pub(crate) link: Option<String>,
    /// Whether it is in the person's list.
    pub(crate) in_app: bool,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) read_at: Option<OffsetDateTime>,
}
