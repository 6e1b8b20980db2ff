//! `Recommendation`, `ReadingShelf` and `TrendingBook`.

use async_graphql::Object;
use async_graphql::connection::{Connection, EmptyFields};
use coko_core::graphql::connection;
use coko_core::paging::Page;
use uuid::Uuid;

use super::{BookType, ReasonType};
use crate::commands::answers::ReadingShelf;
use crate::model::{Advice, ranking};

/// A book, recommended.
pub(crate) struct RecommendationType(pub(crate) Advice);

/// A book that is recommended.
#[Object(name = "Recommendation")]
impl RecommendationType {
    /// The book.
    async fn book(&self) -> BookType {
        BookType::reference(self.0.book_id)
    }

    /// How well it fits, from 0 to 1: to be compared within one list only. Lists are diversified, so it need not fall.
    async fn score(&self) -> f64 {
        self.0.score.into()
    }

    /// Why it is recommended.
    async fn reason(&self) -> ReasonType {
        ReasonType(self.0.because)
    }
}

/// One page of a list of recommendations.
pub(crate) fn recommendations(
    list: &str,
    found: &[Advice],
    page: &Page<ranking::Key>,
) -> Connection<String, RecommendationType, EmptyFields, EmptyFields> {
    let slice = ranking::page(found, |advice| advice.book_id, page);
    let place = |(place, advice): &(u32, Advice)| (*place, advice.book_id);
    connection(list, slice, place, |(_, advice)| RecommendationType(advice))
}

/// Books like one that the viewer took to.
pub(crate) struct ShelfType(pub(crate) ReadingShelf);

/// A book that the viewer took to, and books like it.
#[Object(name = "ReadingShelf")]
impl ShelfType {
    /// The book that the viewer took to.
    async fn book(&self) -> BookType {
        BookType::reference(self.0.book_id)
    }

    /// Books like it, the most alike first: at most twelve.
    async fn recommendations(&self) -> Vec<RecommendationType> {
        let advice = self.0.advice.iter().copied();
        advice.map(RecommendationType).collect()
    }
}

/// A book that is read much: its place from 0, the book, and how much.
pub(crate) struct TrendType(pub(crate) (u32, (Uuid, f32)));

/// A book that is read much now.
#[Object(name = "TrendingBook")]
impl TrendType {
    /// From 1.
    async fn rank(&self) -> i64 {
        i64::from(self.0.0) + 1
    }

    /// The book.
    async fn book(&self) -> BookType {
        BookType::reference(self.0.1.0)
    }

    /// How much it is read, as a share of how much the most read one is: 0 to 1.
    async fn score(&self) -> f64 {
        self.0.1.1.into()
    }
}
