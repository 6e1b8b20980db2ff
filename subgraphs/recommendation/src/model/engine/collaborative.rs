//! Both collaborative models, trained together on the same readers, and their blend.

use super::als::{AlsOptions, Factors};
use super::cosine::{CosineOptions, Neighbours};
use super::matrix::Sparse;
use super::number::scale;
use super::parallel::Watch;

/// How the models are trained.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrainingOptions {
    /// The neighbours.
    pub cosine: CosineOptions,
    /// The factors.
    pub als: AlsOptions,
}

/// The trained models.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collaborative {
    /// Item-item cosine.
    pub neighbours: Neighbours,
    /// Implicit ALS.
    pub factors: Factors,
    /// How many take to each book.
    pub readers: Vec<u32>,
}

/// How much of the blend is the neighbours'; the rest is the factors'.
const NEIGHBOURS_SHARE: f32 = 0.5;

impl Collaborative {
    /// Trains both on what readers (rows of `by_reader`) took to. None when `watch` said to stop.
    pub fn train(
        by_reader: &Sparse,
        options: &TrainingOptions,
        threads: usize,
        watch: &Watch<'_>,
    ) -> Option<Self> {
        let by_book = by_reader.transposed();
        // A round of ALS costs about as much as all neighbours.
        let books = by_book.rows() as u64;
        let rounds = (by_reader.rows() as u64 + books) * options.als.rounds as u64;
        let total = books + rounds;
        let first = |done: u64, _: u64| watch(done, total);
        let neighbours = Neighbours::train(by_reader, &by_book, &options.cosine, threads, &first)?;
        let second = |done: u64, _: u64| watch(books + done, total);
        let factors = Factors::train(by_reader, &by_book, &options.als, threads, &second)?;
        let readers = (0..by_book.rows())
            .map(|book| {
                let takes = by_book.row(book).filter(|(_, weight)| *weight > 0.0);
                u32::try_from(takes.count()).unwrap_or(u32::MAX)
            })
            .collect();
        Some(Self {
            neighbours,
            factors,
            readers,
        })
    }

    /// How many books they know.
    pub fn books(&self) -> usize {
        self.readers.len()
    }

    /// The blended scores of all books for a reader with this profile: books, and how much they took to them. The best has 1.
    pub fn scores(&self, profile: &[(u32, f32)]) -> Vec<f32> {
        let known: Vec<(u32, f32)> = profile
            .iter()
            .copied()
            .filter(|(book, _)| (*book as usize) < self.books())
            .collect();
        let mut near = vec![0.0; self.books()];
        self.neighbours.score(&known, &mut near);
        let mut fit = vec![0.0; self.books()];
        self.factors.score(&self.factors.fold_in(&known), &mut fit);
        for (book, _) in &known {
            near[*book as usize] = 0.0;
            fit[*book as usize] = 0.0;
        }
        scale(&mut near);
        scale(&mut fit);
        for (score, other) in near.iter_mut().zip(fit) {
            *score = NEIGHBOURS_SHARE * *score + (1.0 - NEIGHBOURS_SHARE) * other.max(0.0);
        }
        near
    }
}
