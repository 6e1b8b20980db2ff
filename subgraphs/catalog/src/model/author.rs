//! Authors, and everyone else who contributes to books.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::checks::{Checks, TextCodes, set};
use super::reason::{InvalidCountry, InvalidUrl, OutOfRange};
use super::{Patch, Refusal, Slug};
use crate::tables::authors;

/// Most characters of a name.
const NAME: usize = 200;
/// Most characters of a biography.
const BIOGRAPHY: usize = 10_000;

/// A person or body that contributes to books.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = authors, treat_none_as_null = true)]
pub struct Author {
    /// UUIDv7.
    #[diesel(skip_update)]
    pub id: Uuid,
    /// Unique, readable part of the address.
    pub slug: Slug,
    /// As on the cover.
    pub name: String,
    /// As on a shelf: "Bâ, Mariama".
    pub sort_name: String,
    /// Life and work, in French.
    pub biography_fr: Option<String>,
    /// Life and work, in English.
    pub biography_en: Option<String>,
    /// Year of birth, negative before the common era.
    pub born: Option<i32>,
    /// Year of death.
    pub died: Option<i32>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// A public portrait.
    pub photo_url: Option<String>,
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
pub struct AuthorChanges {
    /// As on the cover.
    pub name: Option<String>,
    /// As on a shelf; made from the name when left out.
    pub sort_name: Option<String>,
    /// Life and work, in French.
    pub biography_fr: Patch<String>,
    /// Life and work, in English.
    pub biography_en: Patch<String>,
    /// Year of birth.
    pub born: Patch<i32>,
    /// Year of death.
    pub died: Patch<i32>,
    /// ISO 3166-1 alpha-2.
    pub country: Patch<String>,
    /// A public portrait.
    pub photo_url: Patch<String>,
}

impl AuthorChanges {
    /// Normalises and checks every field, and writes them into `author`.
    ///
    /// # Errors
    /// Every refusal, in the order of the fields; `author` is then as it was.
    pub fn apply<C>(mut self, author: &mut Author) -> Result<(), Vec<Refusal<C>>>
    where
        C: TextCodes + From<InvalidCountry> + From<InvalidUrl> + From<OutOfRange>,
    {
        let mut checks = Checks::default();
        checks.line("name", &mut self.name, NAME);
        checks.line("sortName", &mut self.sort_name, NAME);
        checks.optional_block("biographyFr", &mut self.biography_fr, BIOGRAPHY);
        checks.optional_block("biographyEn", &mut self.biography_en, BIOGRAPHY);
        checks.country("country", self.country.as_ref());
        checks.url("photoUrl", self.photo_url.as_ref());
        let born = self.born.unwrap_or(author.born);
        let died = self.died.unwrap_or(author.died);
        for (path, year) in [("born", born), ("died", died)] {
            if year.is_some_and(|year| !(-3000..=2200).contains(&year)) {
                checks.refuse(path, OutOfRange);
            }
        }
        if let (Some(born), Some(died)) = (born, died)
            && died < born
        {
            checks.refuse("died", OutOfRange);
        }
        checks.finish(())?;
        if self.sort_name.is_none()
            && let Some(name) = &self.name
        {
            self.sort_name = Some(sort_name(name));
        }
        set(&mut author.name, self.name);
        set(&mut author.sort_name, self.sort_name);
        set(&mut author.biography_fr, self.biography_fr);
        set(&mut author.biography_en, self.biography_en);
        author.born = born;
        author.died = died;
        set(&mut author.country, self.country);
        set(&mut author.photo_url, self.photo_url);
        Ok(())
    }
}

impl Author {
    /// An author of whom only the name is known; both texts must be clean already.
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
            sort_name: sort_name(name),
            biography_fr: None,
            biography_en: None,
            born: None,
            died: None,
            country: None,
            photo_url: None,
            created_by,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

/// The name as a shelf has it: the last word first, unless the name is one word.
///
/// Right for most European and many African names; an editor corrects the others.
pub fn sort_name(name: &str) -> String {
    match name.rsplit_once(' ') {
        Some((rest, last)) => format!("{last}, {rest}"),
        None => name.to_owned(),
    }
}
