//! Every query of community; a connection in, models out. Nothing else speaks SQL.
//!
//! Ids of what is listed are UUIDv7, so that most lists, the newest first, are keyed by the id alone.

pub(crate) mod cases;
pub(crate) mod clubs;
pub(crate) mod exports;
pub(crate) mod forums;
pub(crate) mod gatherings;
pub(crate) mod members;
pub(crate) mod posts;
pub(crate) mod relations;
pub(crate) mod reviews;
pub(crate) mod sight;
pub(crate) mod topics;

use std::collections::HashMap;

use coko_core::paging::{Direction, Page, Slice};
use uuid::Uuid;

/// What of `{alias}`, a post or a topic with its club, a viewer sees in lists: the rule of `model::sight` in SQL. `$1` is the
/// viewer, null for guests, and `$2` whether they moderate. Whether it stands at all is said by its `status`.
fn visible(alias: &str, book: &str, club: &str) -> String {
    format!(
        "($2 OR {alias}.author_id = $1 OR (
            community_hears($1, {alias}.author_id)
            AND ({alias}.spoils_after = 0 OR {alias}.spoils_after <= community_furthest($1, {book}))
            AND ({club} IS NULL OR EXISTS (SELECT FROM clubs WHERE clubs.id = {club} AND clubs.access = 'OPEN')
                 OR EXISTS (SELECT FROM club_members m WHERE m.club_id = {club} AND m.user_id = $1 AND m.role <> 'APPLICANT'))))"
    )
}

/// Writes a list's query, whose greatest ids come first, for the direction of a page: `{<}` compares an id with the place where
/// the page starts, `{DESC}` sorts.
fn turned(query: &str, direction: Direction) -> String {
    let (compare, order) = match direction {
        Direction::Forward => ("<", "DESC"),
        Direction::Backward => (">", "ASC"),
    };
    query.replace("{<}", compare).replace("{DESC}", order)
}

/// The id where a page of a list, whose greatest ids come first, starts.
fn start(page: &Page<Uuid>) -> Uuid {
    page.from.unwrap_or(match page.direction {
        Direction::Forward => Uuid::max(),
        Direction::Backward => Uuid::nil(),
    })
}

/// The pages of several lists that one query answered.
fn slices<K, T>(
    page: &Page<K>,
    rows: Vec<T>,
    owner: impl Fn(&T) -> Uuid,
) -> HashMap<Uuid, Slice<T>> {
    let mut grouped: HashMap<Uuid, Vec<T>> = HashMap::new();
    for row in rows {
        grouped.entry(owner(&row)).or_default().push(row);
    }
    grouped
        .into_iter()
        .map(|(owner, rows)| (owner, Slice::new(page, rows)))
        .collect()
}
