//! Series: books that belong together, in an order.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::checks::{Checks, TextCodes, set};
use super::{Patch, Refusal, Slug};
use crate::tables::series;

/// Most characters of a name.
pub(crate) const NAME: usize = 200;
/// Most characters of a description.
const DESCRIPTION: usize = 5_000;

/// Books that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = series, treat_none_as_null = true)]
pub struct Series {
    /// UUIDv7.
    #[diesel(skip_update)]
    pub id: Uuid,
    /// Unique, readable part of the address.
    pub slug: Slug,
    /// The name.
    pub name: String,
    /// What holds it together.
    pub description: Option<String>,
    /// The house it belongs to.
    pub publisher_id: Option<Uuid>,
    /// The account that entered it.
    #[diesel(skip_update)]
    pub created_by: Option<Uuid>,
    /// Rises by one with every edit.
    pub version: i64,
    /// When it was entered.
    #[diesel(skip_update)]
    pub created_at: OffsetDateTime,
    /// When it was last edited.
    pub updated_at: OffsetDateTime,
}

/// What an edit asks for; `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
pub struct SeriesChanges {
    /// The name.
    pub name: Option<String>,
    /// What holds it together.
    pub description: Patch<String>,
    /// The house it belongs to.
    pub publisher: Patch<Uuid>,
}

impl SeriesChanges {
    /// Normalises and checks every field, and writes them into `series`.
    ///
    /// # Errors
    /// Every refusal, in the order of the fields; `series` is then as it was.
    pub fn apply<C: TextCodes>(mut self, series: &mut Series) -> Result<(), Vec<Refusal<C>>> {
        let mut checks = Checks::default();
        checks.line("name", &mut self.name, NAME);
        checks.optional_block("description", &mut self.description, DESCRIPTION);
        checks.finish(())?;
        set(&mut series.name, self.name);
        set(&mut series.description, self.description);
        set(&mut series.publisher_id, self.publisher);
        Ok(())
    }
}

impl Series {
    /// A series of which only the name is known; the name must be clean already.
    pub fn named(
        id: Uuid,
        slug: Slug,
        name: &str,
        created_by: Option<Uuid>,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            slug,
            name: name.to_owned(),
            description: None,
            publisher_id: None,
            created_by,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}
