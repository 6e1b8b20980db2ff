//! Who may edit what, and why an edit is refused.

use coko_core::identity::Viewer;
use coko_core::text::{self, TextError};
use uuid::Uuid;

use super::{Book, Series, Status};
pub use crate::error::CatalogErrorCode as RefusalCode;

/// One reason why an edit is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The input field, as a path: `title`, `prices.0.amount`; none when it is the whole.
    pub field: Option<String>,
    /// Why.
    pub code: RefusalCode,
    /// The bound that was passed, for the message.
    pub max: Option<usize>,
}

impl Refusal {
    /// A refusal of the field at `path`.
    pub fn of(path: impl Into<String>, code: RefusalCode) -> Self {
        Self {
            field: Some(path.into()),
            code,
            max: None,
        }
    }

    /// A refusal of the edit as a whole.
    pub fn whole(code: RefusalCode) -> Self {
        Self {
            field: None,
            code,
            max: None,
        }
    }

    /// A refusal because more than `max` were given.
    pub(super) fn beyond(path: &str, code: RefusalCode, max: usize) -> Self {
        Self {
            field: Some(path.to_owned()),
            code,
            max: Some(max),
        }
    }
}

/// Gathers refusals while the fields of an input are checked one by one, so that an author sees all of them at once.
#[derive(Debug, Default)]
pub(super) struct Checks(Vec<Refusal>);

impl Checks {
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.0.push(refusal);
    }

    /// One line of text, required when given at all.
    pub(super) fn line(&mut self, path: &str, input: &mut Option<String>, max: usize) {
        if let Some(text) = input {
            match text::line(text, max) {
                Ok(clean) => *text = clean,
                Err(error) => self.text(path, error),
            }
        }
    }

    /// One line of text that may be emptied.
    pub(super) fn optional_line(
        &mut self,
        path: &str,
        input: &mut Option<Option<String>>,
        max: usize,
    ) {
        self.optional(path, input, |text| text::line(text, max));
    }

    /// Several lines of text that may be emptied.
    pub(super) fn optional_block(
        &mut self,
        path: &str,
        input: &mut Option<Option<String>>,
        max: usize,
    ) {
        self.optional(path, input, |text| text::block(text, max));
    }

    fn optional(
        &mut self,
        path: &str,
        input: &mut Option<Option<String>>,
        clean: impl Fn(&str) -> Result<String, TextError>,
    ) {
        if let Some(slot) = input
            && let Some(text) = slot
        {
            match clean(text) {
                Ok(clean) => *text = clean,
                // An empty text in a form means that there is none.
                Err(TextError::Empty) => *slot = None,
                Err(error) => self.text(path, error),
            }
        }
    }

    fn text(&mut self, path: &str, error: TextError) {
        self.refuse(match error {
            TextError::Empty => Refusal::of(path, RefusalCode::Required),
            TextError::TooLong { max } => Refusal::beyond(path, RefusalCode::TooLong, max),
            TextError::Control => Refusal::of(path, RefusalCode::ControlCharacters),
        });
    }

    /// An absolute https address of at most 2048 characters.
    pub(super) fn url(&mut self, path: &str, input: Option<&Option<String>>) {
        if let Some(Some(text)) = input {
            let good = text.len() <= 2048
                && url::Url::parse(text).is_ok_and(|url| {
                    url.scheme() == "https" && url.host().is_some() && url.username().is_empty()
                });
            if !good {
                self.refuse(Refusal::of(path, RefusalCode::InvalidUrl));
            }
        }
    }

    /// An ISO 3166-1 alpha-2 country, in its shape.
    pub(super) fn country(&mut self, path: &str, input: Option<&Option<String>>) {
        if let Some(Some(code)) = input
            && !(code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()))
        {
            self.refuse(Refusal::of(path, RefusalCode::InvalidCountry));
        }
    }

    pub(super) fn slug(&mut self, path: &str, input: Option<&String>) {
        if let Some(text) = input
            && text.parse::<super::Slug>().is_err()
        {
            self.refuse(Refusal::of(path, RefusalCode::InvalidSlug));
        }
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, Vec<Refusal>> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self.0)
        }
    }
}

/// A viewer as far as editing goes: rights from the token, houses from the database.
#[derive(Clone, Debug, Default)]
pub struct Editor {
    /// The account, when a person asks.
    pub user_id: Option<Uuid>,
    /// `books:update`: edits any book.
    pub edits_any: bool,
    /// `books:manage`, part of `books:*`: also prices, publishes, withdraws and deletes any book.
    pub manages_any: bool,
    /// `books:publish`: makes books and edits their own.
    pub publishes: bool,
    /// `catalog:manage`: edits authors, categories, publishers and series.
    pub curates: bool,
    /// The houses the account owns or belongs to.
    pub publishers: Vec<Uuid>,
}

impl Editor {
    /// What `viewer`'s rights permit, for a person who belongs to `publishers`.
    pub fn new(viewer: &Viewer, publishers: Vec<Uuid>) -> Self {
        Self {
            user_id: viewer.user_id(),
            edits_any: viewer.can("books", "update"),
            manages_any: viewer.can("books", "manage"),
            publishes: viewer.can("books", "publish"),
            curates: viewer.can("catalog", "manage"),
            publishers,
        }
    }

    /// Whether the houses of this viewer matter at all.
    pub fn needs_publishers(viewer: &Viewer) -> bool {
        viewer.user_id().is_some() && viewer.can("books", "publish")
    }

    /// Whether the book belongs to this viewer: through its house, or as its creator when it has none.
    pub fn owns(&self, book: &Book) -> bool {
        self.publishes
            && match book.publisher_id {
                Some(publisher) => self.publishers.contains(&publisher),
                None => self.user_id.is_some() && book.created_by == self.user_id,
            }
    }

    /// Whether the viewer may change what the book says of itself.
    pub fn may_edit(&self, book: &Book) -> bool {
        self.edits_any || self.owns(book)
    }

    /// Whether the viewer may price, publish, withdraw or delete the book.
    pub fn may_manage(&self, book: &Book) -> bool {
        self.manages_any || self.owns(book)
    }

    /// Whether the viewer sees the book: everyone sees the published, editors their drafts and withdrawn ones too.
    pub fn sees(&self, book: &Book) -> bool {
        book.deleted_at.is_none() && (book.status == Status::Published || self.may_edit(book))
    }

    /// Whether the viewer may put books under this house.
    pub fn may_use_publisher(&self, publisher: Uuid) -> bool {
        self.manages_any || self.publishers.contains(&publisher)
    }

    /// Whether the viewer may change the series.
    pub fn may_edit_series(&self, series: &Series) -> bool {
        self.curates
            || (self.publishes
                && match series.publisher_id {
                    Some(publisher) => self.publishers.contains(&publisher),
                    None => self.user_id.is_some() && series.created_by == self.user_id,
                })
    }
}
