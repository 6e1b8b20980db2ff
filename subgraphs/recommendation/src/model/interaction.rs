//! What a reader did with a book. Each change comes to the same in whatever order and however often it is told.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables::interactions;

/// Everything that a reader did with one book.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = interactions, primary_key(user_id, book_id), treat_none_as_null = true)]
pub(crate) struct Interaction {
    pub(crate) user_id: Uuid,
    pub(crate) book_id: Uuid,
    pub(crate) purchased_at: Option<OffsetDateTime>,
    pub(crate) refunded_at: Option<OffsetDateTime>,
    pub(crate) started_at: Option<OffsetDateTime>,
    pub(crate) furthest: f64,
    pub(crate) completed_at: Option<OffsetDateTime>,
    pub(crate) half_stars: Option<i16>,
    pub(crate) rated_at: Option<OffsetDateTime>,
    pub(crate) touched_at: OffsetDateTime,
}

impl Interaction {
    /// Nothing yet.
    pub(crate) fn new(user: Uuid, book: Uuid, at: OffsetDateTime) -> Self {
        Self {
            user_id: user,
            book_id: book,
            purchased_at: None,
            refunded_at: None,
            started_at: None,
            furthest: 0.0,
            completed_at: None,
            half_stars: None,
            rated_at: None,
            touched_at: at,
        }
    }

    /// The book was bought.
    pub(crate) fn purchase(&mut self, at: OffsetDateTime) {
        // None is before every moment.
        self.purchased_at = self.purchased_at.max(Some(at));
        self.touch(at);
    }

    /// A purchase of the book was paid back.
    pub(crate) fn refund(&mut self, at: OffsetDateTime) {
        self.refunded_at = self.refunded_at.max(Some(at));
        self.touch(at);
    }

    /// The book was read up to `furthest`, a share of the whole.
    pub(crate) fn progress(&mut self, furthest: f64, at: OffsetDateTime) {
        if furthest.is_finite() {
            self.furthest = self.furthest.max(furthest.clamp(0.0, 1.0));
        }
        self.started_at = Some(earliest(self.started_at, at));
        self.touch(at);
    }

    /// The book was finished.
    pub(crate) fn complete(&mut self, at: OffsetDateTime) {
        self.completed_at = Some(earliest(self.completed_at, at));
        self.touch(at);
    }

    /// This rating stands, as of its moment, or none does; it was told of something at `at`.
    pub(crate) fn rate(&mut self, standing: Option<(i16, OffsetDateTime)>, at: OffsetDateTime) {
        self.half_stars = standing.map(|(half_stars, _)| half_stars);
        self.rated_at = standing.map(|(_, rated_at)| rated_at);
        self.touch(at);
    }

    fn touch(&mut self, at: OffsetDateTime) {
        self.touched_at = self.touched_at.max(at);
    }

    /// Whether the reader has bought it and was not paid back since.
    pub(crate) fn is_owned(&self) -> bool {
        self.purchased_at > self.refunded_at
    }

    /// Whether the reader needs no recommendation of it: they have it, or have read in it.
    pub(crate) fn is_known(&self) -> bool {
        self.is_owned() || self.started_at.is_some() || self.completed_at.is_some()
    }
}

fn earliest(known: Option<OffsetDateTime>, at: OffsetDateTime) -> OffsetDateTime {
    known.map_or(at, |known| known.min(at))
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn at(hours: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::hours(hours)
    }

    #[derive(Clone, Debug)]
    pub(crate) enum Told {
        Purchase(i64),
        Refund(i64),
        Progress(f64, i64),
        Complete(i64),
    }

    pub(crate) fn told() -> impl Strategy<Value = Told> {
        prop_oneof![
            (0..1000_i64).prop_map(Told::Purchase),
            (0..1000_i64).prop_map(Told::Refund),
            (-0.5..1.5_f64, 0..1000_i64).prop_map(|(place, hours)| Told::Progress(place, hours)),
            (0..1000_i64).prop_map(Told::Complete),
        ]
    }

    pub(crate) fn tell(interaction: &mut Interaction, told: &Told) {
        match told {
            Told::Purchase(hours) => interaction.purchase(at(*hours)),
            Told::Refund(hours) => interaction.refund(at(*hours)),
            Told::Progress(place, hours) => interaction.progress(*place, at(*hours)),
            Told::Complete(hours) => interaction.complete(at(*hours)),
        }
    }

    pub(crate) fn nothing() -> Interaction {
        Interaction::new(Uuid::nil(), Uuid::nil(), OffsetDateTime::UNIX_EPOCH)
    }

    proptest! {
        #[test]
        fn any_order_and_duplication_comes_to_the_same(
            (told, shuffled) in proptest::collection::vec(told(), 0..12).prop_flat_map(|told| {
                let twice = [told.clone(), told.clone()].concat();
                (Just(told), Just(twice).prop_shuffle())
            }),
        ) {
            let (mut one, mut other) = (nothing(), nothing());
            for each in &told {
                tell(&mut one, each);
            }
            for each in &shuffled {
                tell(&mut other, each);
            }
            prop_assert!((0.0..=1.0).contains(&one.furthest));
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn a_book_that_was_paid_back_is_no_longer_owned_until_it_is_bought_again() {
        let mut book = nothing();
        assert!(!book.is_owned() && !book.is_known());
        book.purchase(at(1));
        assert!(book.is_owned() && book.is_known());
        book.refund(at(2));
        // The purchase is told again until it is granted.
        book.purchase(at(1));
        assert!(!book.is_owned() && !book.is_known());
        book.purchase(at(3));
        assert!(book.is_owned());
    }
}
