//! From what a reader did and said to how much they took to a book, and to the profile that recommendations are made for.

use std::collections::{HashMap, HashSet};

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::engine::recommender::Profile;
use super::engine::shelf::Shelf;
use super::{Feedback, Interaction};

/// What each thing says of a reader's taste; a book that was bought, finished and praised comes to about five.
const PURCHASED: f64 = 1.0;
const READ_TO_THE_END: f64 = 1.0;
const COMPLETED: f64 = 1.5;
const RATED_BEST: f64 = 2.0;
const SAID: f64 = 2.5;
/// Half stars up to which a rating says that the reader did not like the book, whatever else they did.
const PANNED: i16 = 4;
/// After how long a taste counts half, and what of it stays however long ago it was.
const HALF_LIFE: Duration = Duration::days(270);
const STAYS: f64 = 0.3;
/// Weaker ones say nothing: a book that was opened and closed.
const WEAKEST: f64 = 0.05;

/// How much a reader took to a book: below zero where they did not like it, 0 where nothing is known; about 5 at most.
pub(crate) fn weight(done: Option<&Interaction>, likes: Option<bool>) -> f32 {
    narrow(strength(done, likes))
}

fn strength(done: Option<&Interaction>, likes: Option<bool>) -> f64 {
    if likes == Some(false) {
        return -SAID;
    }
    let mut sum = if likes == Some(true) { SAID } else { 0.0 };
    if let Some(done) = done {
        if let Some(half_stars) = done.half_stars {
            // One half star is -2, ten are 2.
            let rated = RATED_BEST * (f64::from(half_stars) - 5.5) / 4.5;
            if half_stars <= PANNED {
                return rated + sum;
            }
            sum += rated;
        }
        if done.is_owned() {
            sum += PURCHASED;
        }
        if done.completed_at.is_some() {
            sum += COMPLETED;
        }
        sum += READ_TO_THE_END * done.furthest;
    }
    if sum.abs() < WEAKEST { 0.0 } else { sum }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a small number, of which a few digits matter"
)]
fn narrow(value: f64) -> f32 {
    value as f32
}

/// What is known of a reader who asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// What they did, the newest first.
    pub(crate) interactions: Vec<Interaction>,
    /// What they said, the newest first.
    pub(crate) feedback: Vec<Feedback>,
    /// All books that they refused.
    pub(crate) refused: Vec<Uuid>,
    /// Categories that they said to like.
    pub(crate) interests: Vec<Uuid>,
}

impl History {
    /// The profile, in the numbers of `shelf`; tastes are weaker the longer ago they are. What is newest comes first.
    pub(crate) fn profile(&self, shelf: &Shelf, now: OffsetDateTime) -> Profile {
        let mut profile = Profile {
            interests: self.interests.clone(),
            ..Profile::default()
        };
        let said: HashMap<Uuid, &Feedback> = self
            .feedback
            .iter()
            .map(|said| (said.book_id, said))
            .collect();
        let mut tastes: Vec<(Uuid, f64, OffsetDateTime)> = Vec::new();
        for done in &self.interactions {
            let likes = said.get(&done.book_id).and_then(|said| said.likes);
            tastes.push((done.book_id, strength(Some(done), likes), done.touched_at));
            if done.is_known()
                && let Some(book) = shelf.position(done.book_id)
            {
                profile.excluded.insert(book);
            }
        }
        let done: HashSet<Uuid> = self.interactions.iter().map(|done| done.book_id).collect();
        for said in self
            .feedback
            .iter()
            .filter(|said| !done.contains(&said.book_id))
        {
            match said.decided_at {
                Some(at) => tastes.push((said.book_id, strength(None, said.likes), at)),
                None => {
                    if let Some(book) = shelf.position(said.book_id) {
                        let shown = u32::try_from(said.shown).unwrap_or_default();
                        profile.shown.insert(book, shown);
                    }
                }
            }
        }
        let refused = self.refused.iter().filter_map(|book| shelf.position(*book));
        profile.excluded.extend(refused);
        tastes.sort_by_key(|(.., at)| std::cmp::Reverse(*at));
        profile.tastes = tastes
            .into_iter()
            .filter_map(|(book, strength, at)| {
                let book = shelf.position(book)?;
                (strength.abs() > 0.0).then(|| (book, narrow(strength * freshness(now - at))))
            })
            .collect();
        profile
    }
}

/// What is left of a taste of this age.
fn freshness(age: Duration) -> f64 {
    let half_lives = age.max(Duration::ZERO) / HALF_LIFE;
    STAYS + (1.0 - STAYS) * 0.5_f64.powf(half_lives)
}

#[cfg(test)]
mod tests {
    use super::super::Signal;
    use super::super::engine::content::Description;
    use super::super::engine::shelf::Card;
    use super::super::interaction::tests::{at, nothing};
    use super::*;

    #[test]
    fn more_done_is_more_liked_and_a_bad_rating_outweighs_it() {
        let mut book = nothing();
        let mut last = weight(Some(&book), None);
        assert!(last.abs() < f32::EPSILON);
        let steps: [fn(&mut Interaction); 4] = [
            |book| book.progress(0.5, at(1)),
            |book| book.purchase(at(2)),
            |book| book.complete(at(3)),
            |book| book.rate(Some((10, at(4))), at(4)),
        ];
        for step in steps {
            step(&mut book);
            let now = weight(Some(&book), None);
            assert!(now > last);
            last = now;
        }
        assert!(last <= 6.0);
        book.rate(Some((3, at(5))), at(5));
        assert!(weight(Some(&book), None) < 0.0);
        assert!(weight(Some(&book), Some(false)) < -1.0);
        assert!(weight(None, Some(true)) > 1.0);
    }

    #[test]
    fn a_profile_knows_what_not_to_show() {
        let card = |number| Card {
            id: Uuid::from_u128(number),
            ..Card::default()
        };
        let books = (1..=5).map(|number| (card(number), Description::default()));
        let shelf = Shelf::new(books.collect());
        let interaction = |number, finish: fn(&mut Interaction)| {
            let mut done = Interaction::new(Uuid::nil(), Uuid::from_u128(number), at(0));
            finish(&mut done);
            done
        };
        let mut shown = Feedback::new(Uuid::nil(), Uuid::from_u128(3), at(0));
        shown.hear(Signal::Impression, at(1));
        let mut refused = Feedback::new(Uuid::nil(), Uuid::from_u128(4), at(0));
        refused.hear(Signal::Negative, at(1));
        let history = History {
            interactions: vec![
                interaction(1, |done| done.complete(at(9))),
                interaction(2, |done| done.rate(Some((9, at(5))), at(5))),
                interaction(77, |done| done.purchase(at(5))),
            ],
            feedback: vec![shown, refused],
            refused: vec![Uuid::from_u128(4), Uuid::from_u128(5)],
            interests: Vec::new(),
        };
        let profile = history.profile(&shelf, at(10));
        assert_eq!(profile.excluded, [0, 3, 4].into());
        assert_eq!(profile.shown, [(2, 1)].into());
        let books: Vec<u32> = profile.tastes.iter().map(|(book, _)| *book).collect();
        assert_eq!(books, [0, 1, 3]);
        assert!(profile.tastes[2].1 < 0.0);
        // A year later it says less, but something.
        let later = history.profile(&shelf, at(10) + Duration::days(365));
        assert!(later.tastes[0].1 < profile.tastes[0].1 && later.tastes[0].1 > 0.3);
    }
}
