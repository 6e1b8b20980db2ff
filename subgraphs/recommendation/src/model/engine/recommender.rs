//! What to recommend to whom, and why: the blend of what readers in common took to, of what books are about, of declared interests
//! and of what is read now.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::collaborative::Collaborative;
use super::content::sum;
use super::diversity::diversified;
use super::number::{float, index, scale, top};
use super::shelf::Shelf;

/// The longest list.
pub const LIST: usize = 100;
/// The beginning of a list, which is diversified; few look further.
const HEAD: usize = 30;
/// How many times as many candidates the beginning is chosen from.
const CANDIDATES: usize = 3;
/// How much of a list is relevance; the rest is difference.
const RELEVANCE: f32 = 0.75;
/// Books of a profile that say what it is about: the strongest ones.
const TELLING: usize = 40;
/// Books taken to at which what a reader did counts as much as what is known without it.
const HALF_KNOWN: f32 = 3.0;
/// What is left of the score of a book in a language that the reader was never seen to read.
const FOREIGN: f32 = 0.35;
/// The score of a book that nothing speaks for.
const LEAST: f32 = 1e-6;
/// What is left of a score with every time that the book was shown in vain.
const SHOWN_IN_VAIN: f32 = 0.93;
/// How much of the likeness of two books is what they are about, where readers in common are known.
const CONTENT_OF_SIMILAR: f32 = 0.45;

/// Who is recommended to.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Books, and how much the reader took to each: below zero where they did not.
    pub tastes: Vec<(u32, f32)>,
    /// Categories that they said to like.
    pub interests: Vec<Uuid>,
    /// Books that they are not to be shown: owned, finished, refused.
    pub excluded: HashSet<u32>,
    /// How often books were shown to them that they then did nothing with.
    pub shown: HashMap<u32, u32>,
}

/// Why a book is recommended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The reader took to this book.
    Read(u32),
    /// Readers with the same taste took to it.
    Readers,
    /// The reader said to like this category.
    Interest(Uuid),
    /// It is read much now.
    Trending,
    /// It is new.
    New,
}

/// A book that is recommended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pick {
    /// The book.
    pub book: u32,
    /// How well it fits, from 0 to 1.
    pub score: f32,
    /// Why.
    pub reason: Reason,
}

/// Everything that answers are made from; it never changes, another takes its place.
#[derive(Clone, Debug, Default)]
pub struct Recommender {
    /// The books.
    pub shelf: Shelf,
    /// The models, which know the first books of the shelf.
    pub collaborative: Arc<Collaborative>,
    /// How much each book is read now, the most read 1.
    pub trending: Vec<f32>,
}

/// What speaks for each book, by source, each already weighed.
struct Sources {
    readers: Vec<f32>,
    content: Vec<f32>,
    interests: Vec<f32>,
    trending: Vec<f32>,
    newness: Vec<f32>,
}

impl Sources {
    fn of(&self, book: u32) -> [f32; 5] {
        let at = |scores: &Vec<f32>| scores.get(book as usize).copied().unwrap_or_default();
        [
            at(&self.readers),
            at(&self.content),
            at(&self.interests),
            at(&self.trending),
            at(&self.newness),
        ]
    }
}

impl Recommender {
    /// At most `count` books for a reader, the best first, diversified.
    pub fn recommend(&self, profile: &Profile, count: usize) -> Vec<Pick> {
        let sources = self.sources(profile);
        let languages = self.languages(profile);
        let mut scores = vec![0.0; self.shelf.len()];
        for (place, card) in self.shelf.cards().enumerate() {
            let book = index(place);
            if !card.is_available || profile.excluded.contains(&book) {
                continue;
            }
            let mut score: f32 = sources.of(book).iter().sum();
            if !languages.is_empty() && !languages.contains(primary(&card.language)) {
                score *= FOREIGN;
            }
            if let Some(times) = profile.shown.get(&book) {
                score *= SHOWN_IN_VAIN.powi(i32::try_from(*times).unwrap_or(i32::MAX));
            }
            // What is like something refused comes last; only what was refused itself never comes.
            scores[place] = score.max(LEAST);
        }
        for (book, weight) in &profile.tastes {
            // What the reader has already taken to needs no recommendation, what they refused never comes.
            if let Some(score) = scores.get_mut(*book as usize) {
                *score = if *weight < 0.0 { 0.0 } else { *score * FOREIGN };
            }
        }
        let list = self.diverse(&scores, count.min(LIST));
        list.into_iter()
            .map(|(book, score)| Pick {
                book,
                score: score.clamp(0.0, 1.0),
                reason: self.reason(profile, &sources, book),
            })
            .collect()
    }

    /// At most `count` books like this one, the most alike first, without those that are `excluded`.
    pub fn similar(
        &self,
        book: u32,
        count: usize,
        excluded: impl Fn(u32) -> bool,
    ) -> Vec<(u32, f32)> {
        let Some(vector) = self.shelf.vector(book) else {
            return Vec::new();
        };
        let mut scores = self.shelf.near(vector);
        let near = self.collaborative.neighbours.of(book);
        if let Some((_, nearest)) = near.first() {
            for score in &mut scores {
                *score *= CONTENT_OF_SIMILAR;
            }
            for (other, likeness) in near {
                if let Some(score) = scores.get_mut(*other as usize) {
                    *score += (1.0 - CONTENT_OF_SIMILAR) * likeness / nearest;
                }
            }
        }
        let language = self.shelf.card(book).map(|card| primary(&card.language));
        for (place, card) in self.shelf.cards().enumerate() {
            let other = index(place);
            if other == book || !card.is_available || excluded(other) {
                scores[place] = 0.0;
            } else if Some(primary(&card.language)) != language {
                scores[place] *= FOREIGN;
            }
        }
        self.diverse(&scores, count.min(LIST))
    }

    /// Why each of these books would be recommended to the reader; none where nothing speaks for it, or where it is not to be
    /// shown.
    pub fn explain(&self, profile: &Profile, books: &[u32]) -> Vec<Option<Reason>> {
        let sources = self.sources(profile);
        let why = |book: &u32| {
            let card = self.shelf.card(*book)?;
            if !card.is_available || profile.excluded.contains(book) {
                return None;
            }
            let speaks: f32 = sources.of(*book).iter().sum();
            (speaks > 0.0).then(|| self.reason(profile, &sources, *book))
        };
        books.iter().map(why).collect()
    }

    /// The best `count`: a diversified head, then the rest by score.
    fn diverse(&self, scores: &[f32], count: usize) -> Vec<(u32, f32)> {
        let head = count.min(HEAD);
        let candidates: Vec<(u32, f32)> = top(scores, count.max(CANDIDATES * head))
            .into_iter()
            .map(|book| (book, scores[book as usize]))
            .collect();
        let alike = |one, other| {
            let factors = self.collaborative.factors.between(one, other);
            self.shelf.likeness(one, other).max(factors).max(0.0)
        };
        let contenders = &candidates[..candidates.len().min(CANDIDATES * head)];
        let mut list = diversified(contenders, head, RELEVANCE, alike);
        let taken: HashSet<u32> = list.iter().map(|(book, _)| *book).collect();
        let rest = candidates.iter().filter(|(book, _)| !taken.contains(book));
        list.extend(rest.take(count - list.len().min(count)).copied());
        list
    }

    fn sources(&self, profile: &Profile) -> Sources {
        let liked = profile.tastes.iter().filter(|(_, weight)| *weight > 0.0);
        let count = float(liked.count());
        // The more is known of a reader, the less is left to what everyone reads.
        let known = count / (count + HALF_KNOWN);
        let telling = &strongest(&profile.tastes, TELLING);
        let vectors = telling.iter();
        let vectors =
            vectors.filter_map(|(book, weight)| Some((self.shelf.vector(*book)?, *weight)));
        let readers = weighed(self.collaborative.scores(&profile.tastes), 0.55 * known);
        let content = weighed(self.shelf.near(&sum(vectors)), 0.35 * known);
        let interest = self.shelf.interest(&profile.interests);
        let interests = weighed(self.shelf.near(&interest), 0.1 + 0.5 * (1.0 - known));
        let trending = weighed(self.trending.clone(), 0.1 + 0.3 * (1.0 - known));
        Sources {
            readers,
            content,
            interests,
            trending,
            newness: weighed(self.shelf.newness().to_vec(), 0.02),
        }
    }

    /// The languages of what the reader took to.
    fn languages(&self, profile: &Profile) -> HashSet<&str> {
        let liked = profile.tastes.iter().filter(|(_, weight)| *weight > 0.0);
        liked
            .filter_map(|(book, _)| self.shelf.card(*book))
            .map(|card| primary(&card.language))
            .collect()
    }

    fn reason(&self, profile: &Profile, sources: &Sources, book: u32) -> Reason {
        let [readers, content, interests, trending, newness] = sources.of(book);
        let most = readers
            .max(content)
            .max(interests)
            .max(trending)
            .max(newness);
        let is_most = |value: f32| value > 0.0 && value >= most;
        if is_most(readers) || is_most(content) {
            return match self.nearest_taste(profile, book) {
                Some(taste) => Reason::Read(taste),
                None => Reason::Readers,
            };
        }
        if is_most(interests) {
            let categories = self.shelf.card(book).map(|card| card.categories.as_slice());
            let common = categories
                .unwrap_or_default()
                .iter()
                .find(|category| profile.interests.contains(category));
            if let Some(category) = common {
                return Reason::Interest(*category);
            }
        }
        if is_most(newness) {
            Reason::New
        } else {
            Reason::Trending
        }
    }

    /// The book that the reader took to which says most for this one.
    fn nearest_taste(&self, profile: &Profile, book: u32) -> Option<u32> {
        let liked = profile.tastes.iter().filter(|(_, weight)| *weight > 0.0);
        let mut nearest: Option<(u32, f32)> = None;
        for (taste, weight) in liked {
            let likeness = self.collaborative.neighbours.between(*taste, book)
                + 0.5 * self.shelf.likeness(*taste, book);
            let says = likeness * weight;
            if *taste != book && says > 0.05 && nearest.is_none_or(|(_, most)| says > most) {
                nearest = Some((*taste, says));
            }
        }
        nearest.map(|(taste, _)| taste)
    }
}

/// The language without region and script.
fn primary(language: &str) -> &str {
    language.split('-').next().unwrap_or_default()
}

/// The best has `share`.
fn weighed(mut scores: Vec<f32>, share: f32) -> Vec<f32> {
    scale(&mut scores);
    for score in &mut scores {
        *score *= share;
    }
    scores
}

/// The strongest tastes, for and against.
fn strongest(tastes: &[(u32, f32)], most: usize) -> Vec<(u32, f32)> {
    let mut chosen = tastes.to_vec();
    chosen.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    chosen.truncate(most);
    chosen
}

#[cfg(test)]
mod tests;
