//! How much a book is read, by the hour: a sum of what its interactions are worth, each once.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime, UtcOffset};
use uuid::Uuid;

use super::Interaction;

/// How long hours are kept: longer than any window.
pub(crate) const KEEP: Duration = Duration::days(32);

const STARTED: i32 = 1;
const PURCHASED: i32 = 3;
const COMPLETED: i32 = 4;
const PRAISED: i32 = 2;
/// Half stars from which a rating is praise: more than three stars.
const PRAISE: i16 = 7;

/// By how much the points of one hour and book change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) hour: OffsetDateTime,
    pub(crate) book_id: Uuid,
    pub(crate) points: i32,
}

/// The hour that holds a moment.
fn hour(at: OffsetDateTime) -> OffsetDateTime {
    let seconds = at.to_offset(UtcOffset::UTC).unix_timestamp();
    OffsetDateTime::from_unix_timestamp(seconds - seconds.rem_euclid(3600)).unwrap_or(at)
}

/// What an interaction is worth, and when.
fn marks(interaction: &Interaction) -> impl Iterator<Item = (OffsetDateTime, i32)> {
    let owned = interaction.is_owned();
    let praised = interaction.half_stars.is_some_and(|stars| stars >= PRAISE);
    [
        (interaction.started_at, STARTED),
        (interaction.purchased_at.filter(|_| owned), PURCHASED),
        (interaction.completed_at, COMPLETED),
        (interaction.rated_at.filter(|_| praised), PRAISED),
    ]
    .into_iter()
    .filter_map(|(at, points)| Some((hour(at?), points)))
}

/// By how much the points of hours since `since` change when interactions become others; in the order of hours and books, in which
/// everyone is to lock them.
pub(crate) fn difference<'a>(
    before: impl IntoIterator<Item = &'a Interaction>,
    after: impl IntoIterator<Item = &'a Interaction>,
    since: OffsetDateTime,
) -> Vec<Change> {
    let mut sums: BTreeMap<(OffsetDateTime, Uuid), i32> = BTreeMap::new();
    let mut add = |interaction: &Interaction, sign: i32| {
        for (hour, points) in marks(interaction) {
            if hour >= since {
                *sums.entry((hour, interaction.book_id)).or_default() += sign * points;
            }
        }
    };
    for interaction in before {
        add(interaction, -1);
    }
    for interaction in after {
        add(interaction, 1);
    }
    sums.into_iter()
        .filter(|(_, points)| *points != 0)
        .map(|((hour, book_id), points)| Change {
            hour,
            book_id,
            points,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::interaction::tests::{at, nothing, tell, told};
    use super::*;

    proptest! {
        #[test]
        fn differences_add_up_to_what_the_last_state_is_worth(told in proptest::collection::vec(told(), 0..12), since in 0..1000_i64) {
            let since = at(since);
            let mut sums: BTreeMap<(OffsetDateTime, Uuid), i32> = BTreeMap::new();
            let mut interaction = nothing();
            for each in &told {
                let before = interaction.clone();
                tell(&mut interaction, each);
                for change in difference([&before], [&interaction], since) {
                    *sums.entry((change.hour, change.book_id)).or_default() += change.points;
                }
            }
            sums.retain(|_, points| *points != 0);
            let none: [&Interaction; 0] = [];
            let whole = difference(none, [&interaction], since);
            let whole: BTreeMap<_, _> = whole.into_iter().map(|each| ((each.hour, each.book_id), each.points)).collect();
            prop_assert_eq!(sums, whole);
            prop_assert!(difference([&interaction], [&interaction], since).is_empty());
        }
    }

    #[test]
    fn each_thing_counts_in_its_hour() {
        let mut interaction = nothing();
        interaction.purchase(at(5) + Duration::minutes(59));
        interaction.progress(0.1, at(5) + Duration::minutes(1));
        interaction.rate(Some((9, at(7))), at(7));
        let none: [&Interaction; 0] = [];
        let found: Vec<_> = difference(none, [&interaction], at(0))
            .into_iter()
            .map(|each| (each.hour, each.points))
            .collect();
        assert_eq!(found, [(at(5), 4), (at(7), 2)]);
    }
}
