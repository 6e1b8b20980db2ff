//! Reviews: half stars, a text, or both.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::content::ContentStatus;
use super::sight::Written;
use crate::tables::{book_ratings, reviews};

/// Most characters of a review.
pub(crate) const REVIEW: usize = 10_000;
/// Beside the ratings 1 to 10: what counts reviews with text.
pub(crate) const TEXTS: i16 = 0;

/// One reader's review of one book.
#[derive(
    Clone, Debug, PartialEq, Eq, Queryable, Selectable, QueryableByName, Insertable, AsChangeset,
)]
#[diesel(table_name = reviews, treat_none_as_null = true)]
pub(crate) struct Review {
    pub(crate) id: Uuid,
    pub(crate) book_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) half_stars: Option<i16>,
    pub(crate) body: Option<String>,
    pub(crate) body_html: Option<String>,
    pub(crate) spoiler: bool,
    pub(crate) status: ContentStatus,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
    pub(crate) edits: i32,
}

impl Review {
    /// What its visibility depends on.
    pub(crate) fn written(&self) -> Written {
        Written {
            author: self.user_id,
            status: self.status,
            spoils: None,
            closed_club: None,
        }
    }

    /// What it adds to its book's sums: what is hidden is counted until it is decided.
    pub(crate) fn counted(&self) -> Counted {
        match self.status {
            ContentStatus::Published | ContentStatus::Hidden => Counted {
                half_stars: self.half_stars,
                text: self.body.is_some(),
            },
            ContentStatus::Removed | ContentStatus::Deleted => Counted::default(),
        }
    }

    /// Takes what was said away.
    pub(crate) fn delete(&mut self, now: OffsetDateTime) {
        self.status = ContentStatus::Deleted;
        self.half_stars = None;
        self.body = None;
        self.body_html = None;
        self.updated_at = now;
    }
}

/// What a review is in its book's sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    half_stars: Option<i16>,
    text: bool,
}

impl Counted {
    /// What must be added to each sum when a review that was this becomes `next`, in the order of the sums.
    pub(crate) fn difference(self, next: Self) -> Vec<(i16, i64)> {
        let mut changes = Vec::new();
        if self.text != next.text {
            changes.push((TEXTS, if next.text { 1 } else { -1 }));
        }
        if self.half_stars != next.half_stars {
            changes.extend(self.half_stars.map(|stars| (stars, -1)));
            changes.extend(next.half_stars.map(|stars| (stars, 1)));
        }
        // Two transactions that lock the same sums in one order do not wait for each other.
        changes.sort_unstable();
        changes
    }
}

/// How many reviews of a book have one rating, or text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = book_ratings)]
pub(crate) struct Rating {
    pub(crate) book_id: Uuid,
    pub(crate) half_stars: i16,
    pub(crate) count: i64,
}

/// A book's ratings, summed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// How many have each rating, from half a star to five.
    pub(crate) histogram: [i64; 10],
    /// How many reviews have text.
    pub(crate) texts: i64,
}

impl Summary {
    /// Of the sums of one book.
    pub(crate) fn of(ratings: &[Rating]) -> Self {
        let mut summary = Self::default();
        for rating in ratings {
            match usize::try_from(rating.half_stars) {
                Ok(0) => summary.texts = rating.count,
                Ok(stars @ 1..=10) => summary.histogram[stars - 1] = rating.count,
                _ => {}
            }
        }
        summary
    }

    /// How many rated.
    pub(crate) fn count(&self) -> i64 {
        self.histogram.iter().sum()
    }

    /// The mean in stars, to two decimals; none where nobody rated.
    #[expect(
        clippy::cast_precision_loss,
        reason = "hundredths of a star are exact far beyond any count"
    )]
    pub(crate) fn mean(&self) -> Option<f64> {
        let count = self.count();
        let rated = (1..).zip(self.histogram);
        let sum: i64 = rated.map(|(stars, count)| stars * count).sum();
        (count > 0).then(|| (sum as f64 * 50.0 / count as f64).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counted() -> impl Strategy<Value = Counted> {
        (prop::option::of(1..=10_i16), any::<bool>())
            .prop_map(|(half_stars, text)| Counted { half_stars, text })
    }

    proptest! {
        #[test]
        fn sums_are_what_the_last_versions_say(versions in prop::collection::vec(counted(), 1..20)) {
            let mut sums = [0_i64; 11];
            let mut last = Counted::default();
            for version in versions {
                for (key, change) in last.difference(version) {
                    sums[usize::try_from(key).unwrap()] += change;
                }
                last = version;
            }
            prop_assert_eq!(sums[0], i64::from(last.text));
            for stars in 1..=10_i16 {
                let expected = i64::from(last.half_stars == Some(stars));
                prop_assert_eq!(sums[usize::try_from(stars).unwrap()], expected);
            }
        }
    }

    #[test]
    fn the_mean_is_in_stars() {
        let mut summary = Summary::default();
        assert_eq!(summary.mean(), None);
        summary.histogram[8] = 2;
        summary.histogram[9] = 1;
        assert_eq!((summary.count(), summary.mean()), (3, Some(4.67)));
    }
}
