//! Categories: a tree of shelves, each with a Thema subject code where one fits.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::checks::{Checks, TextCodes, set};
use super::reason::{CategoryCycle, InvalidSlug, InvalidThema, TooMany};
use super::{Patch, Refusal, Slug};
use crate::error::{CreateCategoryErrorCode, UpdateCategoryErrorCode};
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
    pub parent: Patch<Uuid>,
    /// Thema subject code.
    pub thema: Patch<String>,
    /// Its name in French.
    pub name_fr: Option<String>,
    /// Its name in English.
    pub name_en: Option<String>,
    /// What stands there, in French.
    pub description_fr: Patch<String>,
    /// What stands there, in English.
    pub description_en: Patch<String>,
    /// Order among siblings.
    pub position: Option<i32>,
}

impl CategoryChanges {
    /// Normalises and checks every field, and writes them into `category`; the move itself is [`Category::move_under`].
    ///
    /// # Errors
    /// Every refusal, in the order of the fields; `category` is then as it was.
    pub fn apply<C>(mut self, category: &mut Category) -> Result<(), Vec<Refusal<C>>>
    where
        C: TextCodes + From<InvalidSlug> + From<InvalidThema>,
    {
        let mut checks = Checks::default();
        checks.slug("slug", self.slug.as_ref());
        if let Some(Some(code)) = &self.thema
            && !is_thema(code)
        {
            checks.refuse("thema", InvalidThema);
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
    /// A new category of `parent`, or a root; to be filled by [`CategoryChanges::apply`].
    ///
    /// # Errors
    /// When the tree would grow too deep.
    pub(crate) fn new(
        id: Uuid,
        slug: Slug,
        parent: Option<&Self>,
        now: OffsetDateTime,
    ) -> Result<Self, Vec<Refusal<CreateCategoryErrorCode>>> {
        let mut path = parent.map(|parent| parent.path.clone()).unwrap_or_default();
        let mut checks = Checks::default();
        if path.len() >= DEPTH {
            checks.beyond("parentId", TooMany, DEPTH);
        }
        path.push(id);
        checks.finish(Self {
            id,
            slug,
            parent_id: parent.map(|parent| parent.id),
            path,
            thema: None,
            name_fr: String::new(),
            name_en: String::new(),
            description_fr: None,
            description_en: None,
            position: 0,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// Makes it, with the `height` levels below it, part of `parent`, or a root.
    ///
    /// # Errors
    /// When `parent` is the category itself or below it, or the tree would grow too deep.
    pub(crate) fn move_under(
        &mut self,
        parent: Option<&Self>,
        height: usize,
    ) -> Result<(), Vec<Refusal<UpdateCategoryErrorCode>>> {
        let mut path = parent.map(|parent| parent.path.clone()).unwrap_or_default();
        let mut checks = Checks::default();
        if path.contains(&self.id) {
            checks.refuse("parentId", CategoryCycle);
        } else if path.len() + 1 + height > DEPTH {
            checks.beyond("parentId", TooMany, DEPTH);
        }
        checks.finish(())?;
        path.push(self.id);
        self.parent_id = parent.map(|parent| parent.id);
        self.path = path;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn category(id: u128) -> Category {
        let now = datetime!(2026-01-01 0:00 UTC);
        Category::new(Uuid::from_u128(id), Slug::of("x", "x"), None, now).unwrap()
    }

    #[test]
    fn a_category_is_never_its_own_ancestor() {
        let mut parent = category(1);
        let mut child = category(2);
        child.move_under(Some(&parent), 0).unwrap();
        assert_eq!(child.path, [parent.id, child.id]);
        let cycle = vec![Refusal::field(
            UpdateCategoryErrorCode::CategoryCycle,
            "parentId",
        )];
        assert_eq!(parent.move_under(Some(&child), 1), Err(cycle.clone()));
        let itself = parent.clone();
        assert_eq!(parent.move_under(Some(&itself), 1), Err(cycle));
        child.move_under(None, 0).unwrap();
        assert_eq!((child.parent_id, child.path.len()), (None, 1));
    }

    #[test]
    fn the_tree_grows_to_its_depth_and_no_deeper() {
        let mut line = vec![category(1)];
        for id in 2..=DEPTH as u128 {
            let mut next = category(id);
            next.move_under(line.last(), 0).unwrap();
            line.push(next);
        }
        let deep = vec![Refusal::beyond(
            UpdateCategoryErrorCode::TooMany,
            "parentId",
            DEPTH,
        )];
        let mut one_more = category(100);
        assert_eq!(one_more.move_under(line.last(), 0), Err(deep.clone()));
        let parent = &line[DEPTH - 2];
        assert_eq!(one_more.move_under(Some(parent), 1), Err(deep));
        assert_eq!(one_more.move_under(Some(parent), 0), Ok(()));
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
