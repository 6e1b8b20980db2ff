//! The types that clients see.

mod book;
mod category;
mod reason;
mod recommendation;

pub(super) use book::{BookType, similar};
pub(super) use category::CategoryType;
pub(super) use reason::ReasonType;
pub(super) use recommendation::{RecommendationType, ShelfType, TrendType, recommendations};
