//! How good the collaborative models are: one liked book of each reader is held out, the models are trained on the rest, and it is
//! looked how high they place it among all books that the reader does not know (leave one out, no sampled candidates).

use std::collections::HashMap;

use super::collaborative::Collaborative;
use super::diversity::diversified;
use super::matrix::Sparse;
use super::number::{float, index, scale, top};
use super::parallel::{Watch, map};
use super::random::{Random, mix};

/// Books of a list that is judged.
pub const LIST: usize = 10;
/// Candidates that are diversified.
const CANDIDATES: usize = 50;
/// How much of a diversified list is relevance.
const RELEVANCE: f32 = 0.8;
/// Whoever liked fewer is not tested: without the one held out nothing would be known of them.
const FEWEST: usize = 2;

/// Ratings, with readers and books numbered.
#[derive(Clone, Debug, Default)]
pub struct Ratings {
    /// How many readers there are.
    pub readers: usize,
    /// How many books there are.
    pub books: usize,
    /// Reader, book, rating.
    pub ratings: Vec<(u32, u32, f32)>,
}

/// Numbers names in the order in which they first come.
#[derive(Clone, Debug, Default)]
pub struct Numbers(HashMap<String, u32>);

impl Numbers {
    /// The number of a name.
    pub fn of(&mut self, name: &str) -> u32 {
        if let Some(known) = self.0.get(name) {
            return *known;
        }
        let next = index(self.0.len());
        self.0.insert(name.to_owned(), next);
        next
    }

    /// How many names there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// What to train on, and what to test with.
#[derive(Clone, Debug)]
pub struct Split {
    /// What readers took to, without what is held out.
    pub training: Sparse,
    /// Readers, and the liked book of each that is held out.
    pub held_out: Vec<(u32, u32)>,
    seed: u64,
}

impl Split {
    /// Holds out a liked book of each of at most `most` readers; `seed` says which. What is rated `liked` or higher is liked; the
    /// rest is known to the reader, and says nothing.
    pub fn new(given: &Ratings, liked: f32, most: usize, seed: u64) -> Self {
        let highest = given
            .ratings
            .iter()
            .fold(0.0, |most, rating| rating.2.max(most));
        // Weights from a half to one: what is liked best says most.
        let weight = |rating: f32| {
            if rating >= liked {
                (rating / highest).max(0.5)
            } else {
                0.0
            }
        };
        let cells = given.ratings.iter();
        let cells = cells.map(|(reader, book, rating)| (*reader, *book, weight(*rating)));
        let all = Sparse::new(given.readers, given.books, cells.collect());
        let mut testable: Vec<u32> = (0..all.rows())
            .filter(|reader| all.row(*reader).filter(|(_, weight)| *weight > 0.0).count() >= FEWEST)
            .map(index)
            .collect();
        Random::new(seed).shuffle(&mut testable);
        testable.truncate(most);
        testable.sort_unstable();
        let held_out: Vec<(u32, u32)> = testable
            .into_iter()
            .filter_map(|reader| {
                let liked: Vec<u32> = all
                    .row(reader as usize)
                    .filter(|(_, weight)| *weight > 0.0)
                    .map(|(book, _)| book)
                    .collect();
                let chosen = Random::new(mix(seed ^ u64::from(reader))).below(liked.len());
                liked.get(chosen).map(|book| (reader, *book))
            })
            .collect();
        let out: HashMap<u32, u32> = held_out.iter().copied().collect();
        let mut cells = Vec::with_capacity(all.cells());
        for reader in 0..all.rows() {
            let reader = index(reader);
            let kept = all
                .row(reader as usize)
                .filter(|(book, _)| out.get(&reader) != Some(book));
            cells.extend(kept.map(|(book, weight)| (reader, book, weight)));
        }
        Self {
            training: Sparse::new(given.readers, given.books, cells),
            held_out,
            seed,
        }
    }
}

/// A way to recommend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// What most readers took to, the same for everyone.
    Popularity,
    /// Anything.
    Random,
    /// Item-item cosine.
    Cosine,
    /// Implicit ALS.
    Als,
    /// Both, blended.
    Hybrid,
    /// Both, blended and diversified.
    Diversified,
}

impl Method {
    /// All of them, the baselines first.
    pub const ALL: [Self; 6] = [
        Self::Popularity,
        Self::Random,
        Self::Cosine,
        Self::Als,
        Self::Hybrid,
        Self::Diversified,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Popularity => "popularity",
            Self::Random => "random",
            Self::Cosine => "cosine",
            Self::Als => "als",
            Self::Hybrid => "hybrid",
            Self::Diversified => "hybrid, diversified",
        }
    }
}

/// How good a way to recommend is, from 0 to 1 each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Which.
    pub method: Method,
    /// Normalised discounted cumulative gain of the first ten: 1 when what was held out is always first.
    pub ndcg: f32,
    /// How often it is among the first ten.
    pub recall: f32,
    /// How much of the first ten was held out: a tenth of the recall, as one book is.
    pub precision: f32,
    /// How much of the catalogue is in the first ten of anyone.
    pub coverage: f32,
}

/// Judges a way to recommend, with models that were trained on [`Split::training`]. None when `watch` said to stop.
pub fn judge(
    split: &Split,
    models: &Collaborative,
    method: Method,
    threads: usize,
    watch: &Watch<'_>,
) -> Option<Quality> {
    let popular: Vec<f32> = models
        .readers
        .iter()
        .map(|readers| float(*readers as usize))
        .collect();
    let work = |(): &mut (), test: usize| -> Vec<u32> {
        let (reader, _) = split.held_out[test];
        let known: Vec<(u32, f32)> = split.training.row(reader as usize).collect();
        let profile: Vec<(u32, f32)> = known
            .iter()
            .copied()
            .filter(|(_, weight)| *weight > 0.0)
            .collect();
        let mut scores = scores(split, models, method, reader, &profile, &popular);
        for (book, _) in &known {
            scores[*book as usize] = 0.0;
        }
        if method != Method::Diversified {
            return top(&scores, LIST);
        }
        let candidates: Vec<(u32, f32)> = top(&scores, CANDIDATES)
            .into_iter()
            .map(|book| (book, scores[book as usize]))
            .collect();
        let alike = |one, other| models.factors.between(one, other).max(0.0);
        let list = diversified(&candidates, LIST, RELEVANCE, alike);
        list.into_iter().map(|(book, _)| book).collect()
    };
    let lists = map(split.held_out.len(), threads, watch, || (), work)?;
    Some(quality(split, models, method, &lists))
}

fn scores(
    split: &Split,
    models: &Collaborative,
    method: Method,
    reader: u32,
    profile: &[(u32, f32)],
    popular: &[f32],
) -> Vec<f32> {
    let mut scores = vec![0.0; models.books()];
    match method {
        Method::Popularity => scores.copy_from_slice(popular),
        Method::Random => {
            let mut random = Random::new(mix(split.seed ^ u64::from(reader)) ^ 1);
            scores.fill_with(|| random.unit() + f32::EPSILON);
        }
        Method::Cosine => models.neighbours.score(profile, &mut scores),
        Method::Als => models
            .factors
            .score(&models.factors.fold_in(profile), &mut scores),
        Method::Hybrid | Method::Diversified => {
            scores = models.scores(profile);
            scale(&mut scores);
        }
    }
    scores
}

fn quality(split: &Split, models: &Collaborative, method: Method, lists: &[Vec<u32>]) -> Quality {
    let (mut gain, mut hits) = (0.0, 0);
    let mut shown = vec![false; models.books()];
    for (list, (_, wanted)) in lists.iter().zip(&split.held_out) {
        if let Some(place) = list.iter().position(|book| book == wanted) {
            gain += 1.0 / (float(place) + 2.0).log2();
            hits += 1;
        }
        for book in list {
            shown[*book as usize] = true;
        }
    }
    let tests = float(lists.len().max(1));
    let recall = float(hits) / tests;
    Quality {
        method,
        ndcg: gain / tests,
        recall,
        precision: recall / float(LIST),
        coverage: float(shown.iter().filter(|shown| **shown).count()) / float(shown.len().max(1)),
    }
}

#[cfg(test)]
mod tests;
