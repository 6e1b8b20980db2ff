//! What a reader said of recommendations.

use diesel::prelude::*;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::tables::feedback;

/// Shown again within this time counts as shown once: lists are drawn again and again.
const SHOWN_AGAIN: Duration = Duration::hours(1);

/// What a reader, or the list that is before them, says of a book.
#[derive(async_graphql::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "FeedbackKind")]
pub(crate) enum Signal {
    /// More like this.
    Positive,
    /// Not this one, ever: it is recommended no more until the reader says `POSITIVE`.
    Negative,
    /// It was shown. What is shown again and again and never opened moves down.
    Impression,
}

/// Everything that a reader said of one book.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = feedback, primary_key(user_id, book_id), treat_none_as_null = true)]
pub(crate) struct Feedback {
    pub(crate) user_id: Uuid,
    pub(crate) book_id: Uuid,
    pub(crate) likes: Option<bool>,
    pub(crate) decided_at: Option<OffsetDateTime>,
    pub(crate) shown: i32,
    pub(crate) shown_at: Option<OffsetDateTime>,
    pub(crate) touched_at: OffsetDateTime,
}

impl Feedback {
    /// Nothing yet.
    pub(crate) fn new(user: Uuid, book: Uuid, at: OffsetDateTime) -> Self {
        Self {
            user_id: user,
            book_id: book,
            likes: None,
            decided_at: None,
            shown: 0,
            shown_at: None,
            touched_at: at,
        }
    }

    /// Takes a signal in.
    pub(crate) fn hear(&mut self, signal: Signal, at: OffsetDateTime) {
        match signal {
            Signal::Positive | Signal::Negative => {
                self.likes = Some(signal == Signal::Positive);
                self.decided_at = Some(at);
                self.shown = 0;
            }
            Signal::Impression => {
                if self.shown_at.is_none_or(|last| last + SHOWN_AGAIN <= at) {
                    self.shown = self.shown.saturating_add(1);
                    self.shown_at = Some(at);
                }
            }
        }
        self.touched_at = self.touched_at.max(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_twice_within_the_hour_is_shown_once() {
        let at = |minutes: i64| OffsetDateTime::UNIX_EPOCH + Duration::minutes(minutes);
        let mut said = Feedback::new(Uuid::nil(), Uuid::nil(), at(0));
        for minutes in [0, 1, 59, 60, 61, 130] {
            said.hear(Signal::Impression, at(minutes));
        }
        assert_eq!(said.shown, 3);
        assert_eq!(said.likes, None);
        said.hear(Signal::Negative, at(131));
        assert_eq!((said.likes, said.shown), (Some(false), 0));
        said.hear(Signal::Positive, at(132));
        assert_eq!((said.likes, said.decided_at), (Some(true), Some(at(132))));
    }
}
