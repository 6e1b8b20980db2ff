//! Publishers: the houses that books come from, and who answers for them.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::checks::{Checks, TextCodes, set};
use super::reason::{InvalidCountry, InvalidUrl};
use super::{Patch, Refusal, Slug};
use crate::tables::publishers;

/// Most characters of a name.
const NAME: usize = 200;
/// Most characters of a description.
const DESCRIPTION: usize = 5_000;

/// A publishing house.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = publishers, treat_none_as_null = true)]
pub struct Publisher {
    /// UUIDv7.
    #[diesel(skip_update)]
    pub id: Uuid,
    /// Unique, readable part of the address.
    pub slug: Slug,
    /// The name.
    pub name: String,
    /// What the house does.
    pub description: Option<String>,
    /// Its public site.
    pub website: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// The account that answers for it.
    pub owner_user_id: Option<Uuid>,
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
pub struct PublisherChanges {
    /// The name.
    pub name: Option<String>,
    /// What the house does.
    pub description: Patch<String>,
    /// Its public site.
    pub website: Patch<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Patch<String>,
    /// The account that answers for it.
    pub owner_user_id: Patch<Uuid>,
}

impl PublisherChanges {
    /// Normalises and checks every field, and writes them into `publisher`.
    ///
    /// # Errors
    /// Every refusal, in the order of the fields; `publisher` is then as it was.
    pub fn apply<C>(mut self, publisher: &mut Publisher) -> Result<(), Vec<Refusal<C>>>
    where
        C: TextCodes + From<InvalidCountry> + From<InvalidUrl>,
    {
        let mut checks = Checks::default();
        checks.line("name", &mut self.name, NAME);
        checks.optional_block("description", &mut self.description, DESCRIPTION);
        checks.url("website", self.website.as_ref());
        checks.country("country", self.country.as_ref());
        checks.finish(())?;
        set(&mut publisher.name, self.name);
        set(&mut publisher.description, self.description);
        set(&mut publisher.website, self.website);
        set(&mut publisher.country, self.country);
        set(&mut publisher.owner_user_id, self.owner_user_id);
        Ok(())
    }
}

impl Publisher {
    /// A house of which only the name is known; the name must be clean already.
    pub fn named(
        id: Uuid,
        slug: Slug,
        name: &str,
        owner_user_id: Option<Uuid>,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            slug,
            name: name.to_owned(),
            description: None,
            website: None,
            country: None,
            owner_user_id,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}
