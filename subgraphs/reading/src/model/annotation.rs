//! Highlights, notes and bookmarks, each field of which belongs to whoever wrote it last.

use coko_core::{json_column, text_enum};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::locator::Locator;
use super::stamp::{Stamp, is_newer, moment};
use crate::tables::annotations;

/// Longest note.
pub(crate) const MAX_NOTE: usize = 10_000;
/// Characters of a passage of a protected book that are shown to others and leave the platform.
const PROTECTED_QUOTE: usize = 300;

text_enum! {
    /// What an annotation is.
    pub(crate) AnnotationKind {
        /// A marked passage, with or without a note.
        Highlight = "HIGHLIGHT",
        /// A note at a place.
        Note = "NOTE",
        /// A place to come back to.
        Bookmark = "BOOKMARK",
    }
}

text_enum! {
    /// The colour of a mark.
    pub(crate) Colour {
        /// Yellow.
        Yellow = "YELLOW",
        /// Green.
        Green = "GREEN",
        /// Blue.
        Blue = "BLUE",
        /// Pink.
        Pink = "PINK",
        /// Purple.
        Purple = "PURPLE",
    }
}

text_enum! {
    /// Who sees an annotation.
    #[graphql(name = "AnnotationPrivacy")]
    pub(crate) Privacy {
        /// Its owner.
        Private = "PRIVATE",
        /// Everyone.
        Public = "PUBLIC",
    }
}

/// By field, the stamp of the change that wrote it last.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Jsonb)]
pub(crate) struct Stamps {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) passage: Option<Stamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<Stamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) colour: Option<Stamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) privacy: Option<Stamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deleted: Option<Stamp>,
}

json_column!(Stamps);

/// An annotation as it is kept; deleted ones stay, so that devices hear of it.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, QueryableByName)]
#[diesel(table_name = annotations)]
pub(crate) struct Annotation {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) book_id: Uuid,
    pub(crate) kind: AnnotationKind,
    pub(crate) locator: Option<Locator>,
    pub(crate) progression: f64,
    pub(crate) quote: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) colour: Option<Colour>,
    pub(crate) privacy: Privacy,
    pub(crate) deleted: bool,
    pub(crate) stamps: Stamps,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) shared_at: Option<OffsetDateTime>,
    pub(crate) sequence: i64,
}

/// What a device wrote. What is none is left as it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AnnotationChange {
    pub(crate) id: Uuid,
    pub(crate) book_id: Uuid,
    pub(crate) kind: AnnotationKind,
    /// The place and the text that is marked there.
    pub(crate) passage: Option<(Locator, Option<String>)>,
    #[expect(clippy::option_option, reason = "none inside: it was taken away")]
    pub(crate) note: Option<Option<String>>,
    #[expect(clippy::option_option, reason = "none inside: it was taken away")]
    pub(crate) colour: Option<Option<Colour>>,
    pub(crate) privacy: Option<Privacy>,
    pub(crate) deleted: Option<bool>,
}

impl Annotation {
    /// The annotation before any change; changes may come in any order, so the first heard of need not be the first made.
    pub(crate) fn unwritten(change: &AnnotationChange, user: Uuid, now: OffsetDateTime) -> Self {
        let (seconds, nanos) = change
            .id
            .get_timestamp()
            .map_or((0, 0), |made| made.to_unix());
        let made = i64::try_from(seconds).unwrap_or(0) * 1000 + i64::from(nanos / 1_000_000);
        Self {
            id: change.id,
            user_id: user,
            book_id: change.book_id,
            kind: change.kind,
            locator: None,
            progression: 0.0,
            quote: None,
            note: None,
            colour: None,
            privacy: Privacy::Private,
            deleted: false,
            stamps: Stamps::default(),
            created_at: moment(made).min(now),
            updated_at: moment(0),
            shared_at: None,
            sequence: 0,
        }
    }

    /// Takes over the fields that `change` wrote later than they were written before; returns whether there are any.
    pub(crate) fn merge(&mut self, change: &AnnotationChange, stamp: Stamp) -> bool {
        let mut merged = false;
        if let Some((locator, quote)) = &change.passage
            && is_newer(stamp, self.stamps.passage)
        {
            self.progression = locator.progression();
            self.locator = Some(locator.clone());
            self.quote.clone_from(quote);
            self.stamps.passage = Some(stamp);
            merged = true;
        }
        if let Some(note) = &change.note
            && is_newer(stamp, self.stamps.note)
        {
            self.note.clone_from(note);
            self.stamps.note = Some(stamp);
            merged = true;
        }
        if let Some(colour) = change.colour
            && is_newer(stamp, self.stamps.colour)
        {
            self.colour = colour;
            self.stamps.colour = Some(stamp);
            merged = true;
        }
        if let Some(privacy) = change.privacy
            && is_newer(stamp, self.stamps.privacy)
        {
            self.privacy = privacy;
            self.stamps.privacy = Some(stamp);
            merged = true;
        }
        if let Some(deleted) = change.deleted
            && is_newer(stamp, self.stamps.deleted)
        {
            self.deleted = deleted;
            self.stamps.deleted = Some(stamp);
            merged = true;
        }
        if merged {
            self.updated_at = self.updated_at.max(stamp.at());
        }
        merged
    }

    /// Whether there is something to show: its place is known, and it was not deleted.
    pub(crate) fn is_there(&self) -> bool {
        self.locator.is_some() && !self.deleted
    }

    /// Whether `viewer` may see it.
    pub(crate) fn is_seen_by(&self, viewer: Option<Uuid>) -> bool {
        viewer == Some(self.user_id) || (self.is_there() && self.privacy == Privacy::Public)
    }
}

/// The passage as it may leave the platform: of a protected book only its beginning.
pub(crate) fn quotable(quote: &str, protected: bool) -> String {
    if !protected || quote.chars().count() <= PROTECTED_QUOTE {
        return quote.to_owned();
    }
    let mut short: String = quote.chars().take(PROTECTED_QUOTE).collect();
    // Not in the middle of a word, where words are parted by spaces.
    if let Some(space) = short.rfind(char::is_whitespace).filter(|at| *at > 200) {
        short.truncate(space);
    }
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::locator::tests::at;

    fn change() -> AnnotationChange {
        AnnotationChange {
            id: Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8601),
            book_id: Uuid::from_u128(2),
            kind: AnnotationKind::Highlight,
            passage: None,
            note: None,
            colour: None,
            privacy: None,
            deleted: None,
        }
    }

    fn any_change() -> impl Strategy<Value = AnnotationChange> {
        let text = || proptest::option::of("[a-z]{0,3}");
        (
            proptest::option::of((0..4u8, text())),
            proptest::option::of(text()),
            proptest::option::of(proptest::option::of(proptest::sample::select(vec![
                Colour::Yellow,
                Colour::Blue,
            ]))),
            proptest::option::of(proptest::sample::select(vec![
                Privacy::Private,
                Privacy::Public,
            ])),
            proptest::option::of(any::<bool>()),
        )
            .prop_map(
                |(passage, note, colour, privacy, deleted)| AnnotationChange {
                    passage: passage.map(|(place, quote)| (at(f64::from(place) / 4.0), quote)),
                    note,
                    colour,
                    privacy,
                    deleted,
                    ..change()
                },
            )
    }

    /// Few clocks and devices, so that ties are common; two changes of one stamp are one change.
    fn any_changes() -> impl Strategy<Value = Vec<(Stamp, AnnotationChange)>> {
        let stamp = (0..6i64, 0..2i32, 1..4u128).prop_map(|(at, counter, device)| Stamp {
            wall: at,
            physical: at,
            counter,
            device: Uuid::from_u128(device),
        });
        proptest::collection::btree_map(stamp, any_change(), 1..12)
            .prop_map(|changes| changes.into_iter().collect())
    }

    fn merged(changes: &[(Stamp, AnnotationChange)]) -> Annotation {
        let now = moment(1_800_000_000_000);
        let mut annotation = Annotation::unwritten(&change(), Uuid::from_u128(1), now);
        for (stamp, change) in changes {
            annotation.merge(change, *stamp);
        }
        annotation
    }

    proptest! {
        #[test]
        fn any_order_of_any_duplicates_comes_to_the_same(
            (changes, delivered) in any_changes().prop_flat_map(|changes| {
                let again = proptest::collection::vec(proptest::sample::select(changes.clone()), 0..12);
                let all = changes.clone();
                let delivered = again.prop_flat_map(move |again| {
                    let mut all = all.clone();
                    all.extend(again);
                    Just(all).prop_shuffle()
                });
                (Just(changes), delivered)
            })
        ) {
            prop_assert_eq!(merged(&changes), merged(&delivered));
        }

        #[test]
        fn what_is_merged_is_merged(changes in any_changes()) {
            let mut annotation = merged(&changes);
            for (stamp, change) in &changes {
                prop_assert!(!annotation.merge(change, *stamp));
            }
        }
    }

    #[test]
    fn passages_of_protected_books_are_short_elsewhere() {
        let long = "lettre ".repeat(100);
        assert_eq!(quotable(&long, false), long);
        let short = quotable(&long, true);
        assert!(
            short.ends_with("lettre…") && short.chars().count() <= 301,
            "{short}"
        );
        assert_eq!(quotable("bref", true), "bref");
        let unbroken = "字".repeat(400);
        assert_eq!(quotable(&unbroken, true).chars().count(), 301);
    }

    #[test]
    fn only_its_owner_sees_what_is_private() {
        let owner = Uuid::from_u128(1);
        let mut annotation = merged(&[]);
        annotation.locator = Some(at(0.1));
        assert!(annotation.is_seen_by(Some(owner)));
        assert!(!annotation.is_seen_by(Some(Uuid::from_u128(9))) && !annotation.is_seen_by(None));
        annotation.privacy = Privacy::Public;
        assert!(annotation.is_seen_by(None));
        annotation.deleted = true;
        assert!(!annotation.is_seen_by(None) && annotation.is_seen_by(Some(owner)));
    }
}
