//! Who may edit what.

use coko_core::identity::Viewer;
use uuid::Uuid;

use super::{Book, Series, Status};

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
