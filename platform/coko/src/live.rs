//! What clients can subscribe to: a source of events in the supergraph that is no server.
//!
//! Its fields are fed by the events that subgraphs publish anyway; the router fetches all else that is asked for from the
//! subgraph whose entity it is. A new one is a field of [`SDL`] and a line of [`source`].

use std::collections::BTreeMap;

use coko_composition::SubgraphSource;
use coko_core::events::catalog::{BookPublished, BookUpdated};
use coko_core::events::community::PostCreated;
use coko_core::events::gamification::AchievementUnlocked;
use coko_core::events::notification::NotificationReceived;
use coko_core::events::reading::ProgressChanged;
use coko_core::events::{self, Payload};
use coko_gateway::config::{EventFieldConfig, EventSourceConfig};

/// Its name in the supergraph and in `router.subscriptions.sources`.
pub const NAME: &str = "live";

/// Its part of the schema.
pub const SDL: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@authenticated", "@key"])

type Subscription {
  """
  The viewer reached something: a badge, a level, the goal of a challenge.
  """
  achievementUnlocked: Achievement! @authenticated
  """
  A book that readers can find has changed: any, or the one of `id`.
  """
  bookChanged(id: ID): Book!
  """
  Readers can find another book.
  """
  bookPublished: Book!
  """
  The viewer was told something that is in their list.
  """
  notificationReceived: Notification! @authenticated
  """
  One of the viewer's devices told another place: in any book, or in the one of `bookId`. A device hears of its own as well.
  """
  progressChanged(bookId: ID): ReadingProgress! @authenticated
  """
  Someone wrote in a topic. Null for what is not for the viewer: posts beyond their place in the book, those of people whom a
  block or a mute keeps apart, those of closed clubs. Whoever asks for the `id` alone hears no more than that there is a post.
  """
  postAdded(topicId: ID!): Post @authenticated
}

type Post @key(fields: "id", resolvable: false) {
  id: ID!
}

type Achievement @key(fields: "id", resolvable: false) {
  id: ID!
}

type Notification @key(fields: "id", resolvable: false) {
  id: ID!
}

type ReadingProgress @key(fields: "id", resolvable: false) {
  id: ID!
}

type Book @key(fields: "id", resolvable: false) {
  id: ID!
}
"#;

/// Its part of a composition.
pub fn composed() -> SubgraphSource {
    SubgraphSource {
        name: NAME.to_owned(),
        // It is never called.
        url: "nats://events".to_owned(),
        sdl: SDL.to_owned(),
    }
}

/// Which events feed which field.
pub fn source() -> EventSourceConfig {
    let fields = [
        (
            "achievementUnlocked",
            of::<AchievementUnlocked>(&[("/data/user_id", "{viewer.id}")], "/data/achievement_id"),
        ),
        (
            "bookChanged",
            of_book::<BookUpdated>(&[("/data/book_id", "{id}")]),
        ),
        ("bookPublished", of_book::<BookPublished>(&[])),
        (
            "notificationReceived",
            of::<NotificationReceived>(
                &[("/data/user_id", "{viewer.id}")],
                "/data/notification_id",
            ),
        ),
        (
            "progressChanged",
            of::<ProgressChanged>(
                &[
                    ("/data/book_id", "{bookId}"),
                    ("/data/user_id", "{viewer.id}"),
                ],
                "/data/progress_id",
            ),
        ),
        (
            "postAdded",
            of::<PostCreated>(&[("/data/topic_id", "{topicId}")], "/data/post_id"),
        ),
    ];
    EventSourceConfig {
        fields: fields.map(|(name, field)| (name.to_owned(), field)).into(),
    }
}

fn of_book<P: Payload>(filters: &[(&str, &str)]) -> EventFieldConfig {
    of::<P>(filters, "/data/book_id")
}

/// A field fed by events of kind `P`, whose entity's id is at `id`.
fn of<P: Payload>(filters: &[(&str, &str)], id: &str) -> EventFieldConfig {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    EventFieldConfig {
        stream: events::stream_of::<P>(),
        subject: events::subject_of::<P>(),
        filters: filters.iter().map(owned).collect(),
        entity: BTreeMap::from([("id".to_owned(), id.to_owned())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_fed_by_an_event_that_has_its_key() {
        let samples = [
            (
                "achievementUnlocked",
                serde_json::to_value(AchievementUnlocked::sample()),
            ),
            ("bookChanged", serde_json::to_value(BookUpdated::sample())),
            (
                "bookPublished",
                serde_json::to_value(BookPublished::sample()),
            ),
            (
                "notificationReceived",
                serde_json::to_value(NotificationReceived::sample()),
            ),
            (
                "progressChanged",
                serde_json::to_value(ProgressChanged::sample()),
            ),
            ("postAdded", serde_json::to_value(PostCreated::sample())),
        ];
        let source = source();
        assert_eq!(source.fields.len(), samples.len());
        for (name, sample) in samples {
            assert!(SDL.contains(&format!("\n  {name}")), "{name}");
            let event = serde_json::json!({ "data": sample.unwrap() });
            let field = &source.fields[name];
            for pointer in field.entity.values().chain(field.filters.keys()) {
                assert!(event.pointer(pointer).is_some(), "{name}: {pointer}");
            }
        }
    }
}
