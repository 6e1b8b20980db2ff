//! Community events: meetings in a place or online. In the code they are gatherings, as events are what domains tell each other.

use diesel::prelude::*;
use time::{Duration, OffsetDateTime};
use url::Url;
use uuid::Uuid;

use crate::tables::gatherings;

/// Most characters of a title.
pub(crate) const TITLE: usize = 120;
/// Most characters of a description.
pub(crate) const DESCRIPTION: usize = 4000;
/// Most characters of a place or an address.
pub(crate) const PLACE: usize = 300;
/// How far ahead one can be announced.
const AHEAD: Duration = Duration::days(366);
/// How long one can last.
const LONGEST: Duration = Duration::days(14);

/// A meeting.
#[derive(
    Clone, Debug, PartialEq, Eq, Queryable, Selectable, QueryableByName, Insertable, AsChangeset,
)]
#[diesel(table_name = gatherings, treat_none_as_null = true)]
pub(crate) struct Gathering {
    pub(crate) id: Uuid,
    pub(crate) club_id: Option<Uuid>,
    pub(crate) host_id: Uuid,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) description_html: String,
    pub(crate) place: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) starts_at: OffsetDateTime,
    pub(crate) ends_at: OffsetDateTime,
    pub(crate) capacity: Option<i32>,
    pub(crate) going: i32,
    pub(crate) cancelled: bool,
    pub(crate) created_at: OffsetDateTime,
}

impl Gathering {
    /// Whether there is room for one more.
    pub(crate) fn has_room(&self) -> bool {
        self.capacity.is_none_or(|capacity| self.going < capacity)
    }
}

/// Whether something can be announced for this time.
pub(crate) fn can_take_place(
    starts_at: OffsetDateTime,
    ends_at: OffsetDateTime,
    now: OffsetDateTime,
) -> bool {
    starts_at > now
        && starts_at < now + AHEAD
        && ends_at > starts_at
        && ends_at - starts_at <= LONGEST
}

/// Whether an address can be opened safely.
pub(crate) fn is_https(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| url.scheme() == "https" && url.host_str().is_some())
}
