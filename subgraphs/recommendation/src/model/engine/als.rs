//! Implicit matrix factorisation by alternating least squares (Hu, Koren and Volinsky, 2008), with exact steps.
//!
//! Only the factors of books are kept: a reader's follow from the books by one step ([`Factors::fold_in`]), so whoever reads
//! something is known at once, and nothing is trained for it.

use super::matrix::Sparse;
use super::number::{dot, float};
use super::parallel::{Watch, map};
use super::random::Random;

/// How factors are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlsOptions {
    /// Numbers per book.
    pub rank: usize,
    /// Rounds, each of readers and of books.
    pub rounds: usize,
    /// How much surer a weight of 1 is than nothing.
    pub confidence: f32,
    /// How much large factors are held back.
    pub regularisation: f32,
    /// Where the factors begin.
    pub seed: u64,
}

impl Default for AlsOptions {
    fn default() -> Self {
        Self {
            rank: 32,
            rounds: 10,
            confidence: 5.0,
            regularisation: 10.0,
            seed: 42,
        }
    }
}

/// Factors of books.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Factors {
    rank: usize,
    /// Row by row.
    books: Vec<f32>,
    /// Sum of the outer products of all rows: what all that was not taken to says.
    gram: Vec<f32>,
    confidence: f32,
    regularisation: f32,
}

/// What a thread keeps from row to row.
struct Scratch {
    matrix: Vec<f32>,
}

impl Factors {
    /// Trains on what readers (rows of `by_reader`) took to; a weight below zero says that they did not. None when `watch` said
    /// to stop.
    pub fn train(
        by_reader: &Sparse,
        by_book: &Sparse,
        options: &AlsOptions,
        threads: usize,
        watch: &Watch<'_>,
    ) -> Option<Self> {
        let rank = options.rank.max(1);
        let rows = by_book.rows();
        let mut random = Random::new(options.seed);
        let spread = 0.2 / float(rank).sqrt();
        let books = (0..rows * rank)
            .map(|_| (random.unit() - 0.5) * spread)
            .collect();
        let mut factors = Self::of(books, options, rank);
        let step = (by_reader.rows() + rows) as u64;
        let total = step * options.rounds as u64;
        for round in 0..options.rounds {
            let before = step * round as u64;
            let watch_readers = |done: u64, _: u64| watch(before + done, total);
            let readers = factors.solve_all(by_reader, threads, &watch_readers)?;
            let readers = Self::of(readers, options, rank);
            let before = before + by_reader.rows() as u64;
            let watch_books = |done: u64, _: u64| watch(before + done, total);
            let books = readers.solve_all(by_book, threads, &watch_books)?;
            factors = Self::of(books, options, rank);
        }
        Some(factors)
    }

    fn of(books: Vec<f32>, options: &AlsOptions, rank: usize) -> Self {
        let mut gram = vec![0.0; rank * rank];
        for row in books.chunks_exact(rank) {
            add_outer(&mut gram, row, 1.0);
        }
        Self {
            rank,
            books,
            gram,
            confidence: options.confidence,
            regularisation: options.regularisation,
        }
    }

    /// The other side's factors, row by row.
    fn solve_all(&self, taken: &Sparse, threads: usize, watch: &Watch<'_>) -> Option<Vec<f32>> {
        let scratch = || Scratch {
            matrix: Vec::with_capacity(self.rank * self.rank),
        };
        let work = |scratch: &mut Scratch, row: usize| self.solve(scratch, taken.row(row));
        let rows = map(taken.rows(), threads, watch, scratch, work)?;
        Some(rows.concat())
    }

    /// The factors that explain best what was taken to, given these.
    fn solve(
        &self,
        scratch: &mut Scratch,
        taken: impl ExactSizeIterator<Item = (u32, f32)>,
    ) -> Vec<f32> {
        let mut target = vec![0.0; self.rank];
        if taken.len() == 0 {
            return target;
        }
        let matrix = &mut scratch.matrix;
        matrix.clear();
        matrix.extend_from_slice(&self.gram);
        for position in 0..self.rank {
            matrix[position * self.rank + position] += self.regularisation;
        }
        for (book, weight) in taken {
            let Some(row) = self.row(book) else { continue };
            let surer = self.confidence * weight.abs();
            add_outer(matrix, row, surer);
            if weight > 0.0 {
                for (sum, value) in target.iter_mut().zip(row) {
                    *sum += (1.0 + surer) * value;
                }
            }
        }
        solve_positive(matrix, &mut target);
        target
    }

    /// A reader's factors, from the books that they took to and how much; all zero for none.
    pub fn fold_in(&self, profile: &[(u32, f32)]) -> Vec<f32> {
        let mut scratch = Scratch {
            matrix: Vec::with_capacity(self.rank * self.rank),
        };
        self.solve(&mut scratch, profile.iter().copied())
    }

    /// Adds to `scores`, of the first books, how well each goes with a reader's factors.
    pub fn score(&self, reader: &[f32], scores: &mut [f32]) {
        if self.rank == 0 {
            return;
        }
        for (score, row) in scores.iter_mut().zip(self.books.chunks_exact(self.rank)) {
            *score += dot(reader, row);
        }
    }

    /// The cosine between two books' factors, 0 where one has none.
    pub fn between(&self, one: u32, other: u32) -> f32 {
        let (Some(one), Some(other)) = (self.row(one), self.row(other)) else {
            return 0.0;
        };
        let lengths = (dot(one, one) * dot(other, other)).sqrt();
        if lengths > 0.0 {
            dot(one, other) / lengths
        } else {
            0.0
        }
    }

    fn row(&self, book: u32) -> Option<&[f32]> {
        let start = book as usize * self.rank;
        self.books.get(start..start + self.rank)
    }
}

/// Adds `weight` times the outer product of `row` with itself to the lower triangle.
fn add_outer(matrix: &mut [f32], row: &[f32], weight: f32) {
    let rank = row.len();
    for (position, value) in row.iter().enumerate() {
        let scaled = weight * value;
        let line = &mut matrix[position * rank..=position * rank + position];
        for (cell, other) in line.iter_mut().zip(row) {
            *cell += scaled * other;
        }
    }
}

/// Solves for `target` in place by Cholesky's decomposition of a symmetric positive definite matrix, of which the lower triangle
/// is given and is overwritten.
fn solve_positive(matrix: &mut [f32], target: &mut [f32]) {
    let rank = target.len();
    for row in 0..rank {
        let (above, rest) = matrix.split_at_mut(row * rank);
        let line = &mut rest[..=row];
        for column in 0..row {
            let other = &above[column * rank..=column * rank + column];
            let known = dot(&line[..column], &other[..column]);
            line[column] = (line[column] - known) / other[column];
        }
        let known = dot(&line[..row], &line[..row]);
        // Rounding may take a pivot to zero, never regularisation.
        line[row] = (line[row] - known).max(1e-6).sqrt();
    }
    for row in 0..rank {
        let line = &matrix[row * rank..=row * rank + row];
        let known = dot(&line[..row], &target[..row]);
        target[row] = (target[row] - known) / line[row];
    }
    for row in (0..rank).rev() {
        let mut value = target[row];
        for below in row + 1..rank {
            value -= matrix[below * rank + row] * target[below];
        }
        target[row] = value / matrix[row * rank + row];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parallel::unwatched;
    use super::*;

    fn options() -> AlsOptions {
        AlsOptions {
            rank: 4,
            rounds: 6,
            regularisation: 0.5,
            ..AlsOptions::default()
        }
    }

    /// Two circles of readers with five books each; the first reader of each has not taken to the last book.
    fn circles() -> Sparse {
        let mut cells = Vec::new();
        for reader in 0..20 {
            let first = if reader < 10 { 0 } else { 5 };
            let books = if reader % 10 == 0 { 4 } else { 5 };
            cells.extend((first..first + books).map(|book| (reader, book, 1.0)));
        }
        Sparse::new(20, 10, cells)
    }

    fn trained(threads: usize) -> Factors {
        let by_reader = circles();
        let by_book = by_reader.transposed();
        Factors::train(&by_reader, &by_book, &options(), threads, &unwatched).unwrap()
    }

    #[test]
    fn a_reader_is_given_what_the_circle_reads() {
        let factors = trained(1);
        assert_eq!(trained(3), factors);
        let reader = factors.fold_in(&[(0, 1.0), (1, 1.0), (2, 1.0)]);
        let mut scores = vec![0.0; 10];
        factors.score(&reader, &mut scores);
        for own in [3, 4] {
            for strange in 5..10 {
                assert!(scores[own] > scores[strange] + 0.3, "{scores:?}");
            }
        }
        assert!(factors.between(3, 4) > factors.between(3, 7) + 0.4);
        let nobody = factors.fold_in(&[]);
        assert!(nobody.iter().all(|value| value.abs() < f32::EPSILON));
        // What a reader does not like takes its like with it.
        let averse = factors.fold_in(&[(0, 1.0), (5, -1.0), (6, -1.0)]);
        let mut fewer = vec![0.0; 10];
        factors.score(&averse, &mut fewer);
        assert!(fewer[7] < 0.1, "{fewer:?}");
        let strangers = factors.fold_in(&[(77, 1.0)]);
        assert_eq!(strangers.len(), 4);
    }

    #[test]
    fn training_can_be_stopped() {
        let by_reader = circles();
        let stop = |done: u64, total: u64| done * 2 < total;
        let by_book = by_reader.transposed();
        assert_eq!(
            Factors::train(&by_reader, &by_book, &options(), 2, &stop),
            None
        );
    }

    proptest! {
        #[test]
        fn what_is_solved_fulfils_its_equations(
            rows in proptest::collection::vec(proptest::array::uniform4(-2.0..2_f32), 4..12),
            wanted in proptest::array::uniform4(-3.0..3_f32),
        ) {
            let mut matrix = vec![0.0; 16];
            for position in 0..4 {
                matrix[position * 5] = 1.0;
            }
            for row in &rows {
                add_outer(&mut matrix, row, 1.0);
            }
            let full = |row: usize, column: usize| matrix[row.max(column) * 4 + row.min(column)];
            let mut target: Vec<f32> = (0..4)
                .map(|row| (0..4).map(|column| full(row, column) * wanted[column]).sum())
                .collect();
            let mut overwritten = matrix.clone();
            solve_positive(&mut overwritten, &mut target);
            for (found, value) in target.iter().zip(wanted) {
                prop_assert!((found - value).abs() < 0.01, "{target:?} {wanted:?}");
            }
        }
    }
}
