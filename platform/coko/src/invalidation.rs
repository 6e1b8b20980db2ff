//! Which cached answers of the router the platform's events make stale.

use coko_core::events::catalog::{BookPublished, BookUpdated, BookWithdrawn};
use coko_core::events::{Payload, stream_name};
use coko_gateway::config::{CacheConfig, EventPurge, PurgeRule};

/// Lists of books that a book may enter or leave, or in which it may move.
const LISTS: [&str; 5] = [
    "Query.books",
    "Query.featured",
    "Query.newReleases",
    "Query.searchBooks",
    "Query.suggest",
];
/// Entities with lists of books, and where events name them.
const SHELVES: [(&str, &str); 4] = [
    ("Author", "data.contributor_ids"),
    ("Category", "data.category_ids"),
    ("Publisher", "data.publisher_id"),
    ("Series", "data.series_id"),
];

/// The router's cache as it fits this platform.
pub(crate) fn cache(enabled: bool) -> CacheConfig {
    let mut book = vec![entity("Book", "data.book_id")];
    book.extend(SHELVES.map(|(name, path)| entity(name, path)));
    book.extend(LISTS.map(|field| PurgeRule::Field(field.to_owned())));
    CacheConfig {
        enabled,
        languages: vec!["fr".to_owned(), "en".to_owned()],
        events: vec![
            event::<BookPublished>(book.clone()),
            event::<BookUpdated>(book.clone()),
            // Whatever shows the book holds it.
            event::<BookWithdrawn>(book[..1].to_vec()),
        ],
        ..CacheConfig::default()
    }
}

fn event<P: Payload>(purge: Vec<PurgeRule>) -> EventPurge {
    EventPurge {
        stream: stream_name(P::DOMAIN),
        event: P::TYPE.to_owned(),
        purge,
    }
}

fn entity(type_name: &str, path: &str) -> PurgeRule {
    PurgeRule::Entity {
        type_name: type_name.to_owned(),
        key: [("id".to_owned(), path.to_owned())].into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roles::SUBGRAPHS;
    use crate::stack::supergraph_sdl;

    /// A field or type that was renamed would otherwise never be purged again.
    #[test]
    fn whatever_is_named_exists() {
        let sdl = supergraph_sdl(SUBGRAPHS).unwrap();
        let sample = serde_json::json!({ "data": BookPublished::sample() });
        for rule in cache(true).events.iter().flat_map(|event| &event.purge) {
            match rule {
                PurgeRule::Entity { type_name, key } => {
                    assert!(
                        sdl.contains(&format!("\ntype {type_name}\n")),
                        "{type_name}"
                    );
                    for path in key.values() {
                        let found = path
                            .split('.')
                            .try_fold(&sample, |value, name| value.get(name));
                        assert!(found.is_some(), "{path}");
                    }
                }
                PurgeRule::Field(field) => {
                    let name = field.strip_prefix("Query.").unwrap();
                    let query = sdl.split("\ntype Query\n").nth(1).unwrap();
                    let query = query.split("\n}").next().unwrap();
                    assert!(query.contains(&format!("\n  {name}(")), "{name}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
