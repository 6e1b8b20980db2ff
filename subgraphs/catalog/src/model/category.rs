//! Categories: a tree of shelves, each with a Thema subject code where one fits.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::book::set;
use super::editing::Checks;
use super::{Refusal, RefusalCode, Slug};
use crate::tables::categories;

/// Most characters of a name.
const NAME: usize = 100;
/// Most characters of a description.
const DESCRIPTION: usize = 2_000;
/// Levels of the tree.
pub(crate) const DEPTH: usize = 8;

/// A shelf.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    Queryable,
    Selectable,
    Insertable,
    AsChangeset,
)]
#[diesel(table_name = categories, treat_none_as_null = true)]
pub struct Category {
    /// UUIDv7.
    #[diesel(skip_update)]
    pub id: Uuid,
    /// Unique, readable part of the address.
    pub slug: Slug,
    /// The shelf it is part of.
    pub parent_id: Option<Uuid>,
    /// From the root down to itself.
    pub path: Vec<Uuid>,
    /// Thema subject code (EDItEUR, version 1.5): `FBA`.
    pub thema: Option<String>,
    /// Its name in French.
    pub name_fr: String,
    /// Its name in English.
    pub name_en: String,
    /// What stands there, in French.
    pub description_fr: Option<String>,
    /// What stands there, in English.
    pub description_en: Option<String>,
    /// Order among siblings.
    pub position: i32,
    /// Rises by one with every edit.
    pub version: i64,
    /// When it was made.
    #[diesel(skip_update)]
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was last edited.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// What an edit asks for; `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
pub struct CategoryChanges {
    /// A slug to replace the one made from the French name.
    pub slug: Option<String>,
    /// The shelf to move it to.
    pub parent: Option<Option<Uuid>>,
    /// Thema subject code.
    pub thema: Option<Option<String>>,
    /// Its name in French.
    pub name_fr: Option<String>,
    /// Its name in English.
    pub name_en: Option<String>,
    /// What stands there, in French.
    pub description_fr: Option<Option<String>>,
    /// What stands there, in English.
    pub description_en: Option<Option<String>>,
    /// Order among siblings.
    pub position: Option<i32>,
}

impl CategoryChanges {
    /// Normalises and checks every field, and writes them into `category`; the move itself is [`Category::move_under`].
    ///
    /// # Errors
    /// Every refusal, in the order of the fields; `category` is then as it was.
    pub fn apply(mut self, category: &mut Category) -> Result<(), Vec<Refusal>> {
        let mut checks = Checks::default();
        checks.slug("slug", self.slug.as_ref());
        if let Some(Some(code)) = &self.thema
            && !is_thema(code)
        {
            checks.refuse(Refusal::of("thema", RefusalCode::InvalidThema));
        }
        checks.line("nameFr", &mut self.name_fr, NAME);
        checks.line("nameEn", &mut self.name_en, NAME);
        checks.optional_block("descriptionFr", &mut self.description_fr, DESCRIPTION);
        checks.optional_block("descriptionEn", &mut self.description_en, DESCRIPTION);
        checks.finish(())?;
        if let Some(slug) = self.slug.and_then(|slug| slug.parse().ok()) {
            category.slug = slug;
        }
        set(&mut category.thema, self.thema);
        set(&mut category.name_fr, self.name_fr);
        set(&mut category.name_en, self.name_en);
        set(&mut category.description_fr, self.description_fr);
        set(&mut category.description_en, self.description_en);
        set(&mut category.position, self.position);
        Ok(())
    }
}

/// Whether a text has the shape of a Thema subject code, national extensions included.
fn is_thema(code: &str) -> bool {
    let (subject, extension) = code
        .split_once('-')
        .map_or((code, None), |(a, b)| (a, Some(b)));
    let word = |text: &str, max: usize| {
        (1..=max).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    word(subject, 8)
        && extension
            .is_none_or(|rest| rest.len() <= 17 && rest.split('-').all(|part| word(part, 8)))
}

impl Category {
    /// A root category, to be filled by [`CategoryChanges::apply`].
    pub fn root(id: Uuid, slug: Slug, now: OffsetDateTime) -> Self {
        Self {
            id,
            slug,
            parent_id: None,
            path: vec![id],
            thema: None,
            name_fr: String::new(),
            name_en: String::new(),
            description_fr: None,
            description_en: None,
            position: 0,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Makes it part of `parent`, or a root.
    ///
    /// # Errors
    /// When `parent` is the category itself or below it, or the tree would grow too deep.
    pub fn move_under(&mut self, parent: Option<&Self>) -> Result<(), Refusal> {
        let mut path = parent.map(|parent| parent.path.clone()).unwrap_or_default();
        if path.contains(&self.id) {
            return Err(Refusal::of("parentId", RefusalCode::CategoryCycle));
        }
        if path.len() >= DEPTH {
            return Err(Refusal::beyond("parentId", RefusalCode::TooMany, DEPTH));
        }
        path.push(self.id);
        self.parent_id = parent.map(|parent| parent.id);
        self.path = path;
        Ok(())
    }

    /// Checks that `height` levels below it still fit into the tree.
    ///
    /// # Errors
    /// When they would not.
    pub fn fits(&self, height: usize) -> Result<(), Refusal> {
        if self.path.len() + height > DEPTH {
            return Err(Refusal::beyond("parentId", RefusalCode::TooMany, DEPTH));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn category(id: u128) -> Category {
        Category::root(
            Uuid::from_u128(id),
            Slug::of("x", "x"),
            datetime!(2026-01-01 0:00 UTC),
        )
    }

    #[test]
    fn a_category_is_never_its_own_ancestor() {
        let mut parent = category(1);
        let mut child = category(2);
        child.move_under(Some(&parent)).unwrap();
        assert_eq!(child.path, [parent.id, child.id]);
        let cycle = Refusal::of("parentId", RefusalCode::CategoryCycle);
        assert_eq!(parent.move_under(Some(&child)), Err(cycle.clone()));
        let itself = parent.clone();
        assert_eq!(parent.move_under(Some(&itself)), Err(cycle));
        child.move_under(None).unwrap();
        assert_eq!((child.parent_id, child.path.len()), (None, 1));
    }

    #[test]
    fn thema_codes_have_their_shape() {
        for (code, good) in [
            ("FBA", true),
            ("1HFD", true),
            ("1HFDN-SN-A", true),
            ("fba", false),
            ("", false),
            ("-A", false),
            ("FBAFBAFBA", false),
        ] {
            assert_eq!(is_thema(code), good, "{code}");
        }
    }
}
