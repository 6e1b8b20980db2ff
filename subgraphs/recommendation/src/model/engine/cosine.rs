//! Item-item collaborative filtering: the cosine between books by those who took to both, shrunk where they are few
//! (Sarwar et al., 2001; shrinkage as in Bell and Koren, 2007).

use super::matrix::Sparse;
use super::number::{float, top};
use super::parallel::{Watch, map};

/// How neighbours are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CosineOptions {
    /// How many readers in common are needed to believe half of a likeness.
    pub shrinkage: f32,
    /// Neighbours that are kept of each book.
    pub neighbours: usize,
    /// Readers with more books than this are left out: nobody reads so much, and pairs grow with the square.
    pub longest: usize,
}

impl Default for CosineOptions {
    fn default() -> Self {
        Self {
            shrinkage: 10.0,
            neighbours: 100,
            longest: 2000,
        }
    }
}

/// The books most like each book, with how much they are: above 0, at most 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neighbours(Vec<Vec<(u32, f32)>>);

/// What a thread keeps from book to book.
struct Scratch {
    sums: Vec<f32>,
    common: Vec<u32>,
    touched: Vec<u32>,
}

impl Neighbours {
    /// Finds the neighbours of each book; readers are rows of `by_reader`, and only weights above zero count. None when `watch`
    /// said to stop.
    pub fn train(
        by_reader: &Sparse,
        by_book: &Sparse,
        options: &CosineOptions,
        threads: usize,
        watch: &Watch<'_>,
    ) -> Option<Self> {
        let books = by_book.rows();
        // A reader of many books says less about any two of them.
        let voice: Vec<f32> = (0..by_reader.rows())
            .map(|reader| match by_reader.row(reader).len() {
                count if count > options.longest => 0.0,
                count => 1.0 / (1.0 + float(count)).ln().max(1.0),
            })
            .collect();
        let lengths: Vec<f32> = (0..books)
            .map(|book| {
                let squares = by_book
                    .row(book)
                    .filter(|(_, weight)| *weight > 0.0)
                    .map(|(reader, weight)| weight * weight * voice[reader as usize]);
                squares.sum::<f32>().sqrt()
            })
            .collect();
        let scratch = || Scratch {
            sums: vec![0.0; books],
            common: vec![0; books],
            touched: Vec::new(),
        };
        let work = |scratch: &mut Scratch, book: usize| {
            neighbours_of(scratch, book, by_reader, by_book, options, &voice, &lengths)
        };
        map(books, threads, watch, scratch, work).map(Self)
    }

    /// The books most like this one, the most alike first.
    pub fn of(&self, book: u32) -> &[(u32, f32)] {
        self.0.get(book as usize).map_or(&[], Vec::as_slice)
    }

    /// How alike two books are: 0 where they are no neighbours.
    pub fn between(&self, one: u32, other: u32) -> f32 {
        let found = self.of(one).iter().find(|(book, _)| *book == other);
        found.map_or(0.0, |(_, likeness)| *likeness)
    }

    /// Adds to `scores` what a reader's books say for others.
    pub fn score(&self, profile: &[(u32, f32)], scores: &mut [f32]) {
        for (book, weight) in profile {
            for (other, likeness) in self.of(*book) {
                scores[*other as usize] += weight * likeness;
            }
        }
    }
}

fn neighbours_of(
    scratch: &mut Scratch,
    book: usize,
    by_reader: &Sparse,
    by_book: &Sparse,
    options: &CosineOptions,
    voice: &[f32],
    lengths: &[f32],
) -> Vec<(u32, f32)> {
    for (reader, weight) in by_book.row(book) {
        let says = voice[reader as usize] * weight;
        if says <= 0.0 {
            continue;
        }
        for (other, theirs) in by_reader.row(reader as usize) {
            if theirs <= 0.0 || other as usize == book {
                continue;
            }
            let place = other as usize;
            if scratch.common[place] == 0 {
                scratch.touched.push(other);
            }
            scratch.common[place] += 1;
            scratch.sums[place] += says * theirs;
        }
    }
    scratch.touched.sort_unstable();
    let likeness: Vec<f32> = scratch
        .touched
        .iter()
        .map(|other| {
            let place = *other as usize;
            let common = float(scratch.common[place] as usize);
            let cosine =
                scratch.sums[place] / (lengths[book] * lengths[place]).max(f32::MIN_POSITIVE);
            cosine.min(1.0) * common / (common + options.shrinkage)
        })
        .collect();
    let kept = top(&likeness, options.neighbours)
        .into_iter()
        .map(|position| {
            let position = position as usize;
            (scratch.touched[position], likeness[position])
        })
        .collect();
    for other in scratch.touched.drain(..) {
        scratch.sums[other as usize] = 0.0;
        scratch.common[other as usize] = 0;
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parallel::unwatched;
    use super::*;

    fn trained(cells: Vec<(u32, u32, f32)>, threads: usize) -> Neighbours {
        let by_reader = Sparse::new(30, 20, cells);
        let options = CosineOptions::default();
        let by_book = by_reader.transposed();
        Neighbours::train(&by_reader, &by_book, &options, threads, &unwatched).unwrap()
    }

    #[test]
    fn what_the_same_readers_take_to_is_alike_and_more_so_the_more_there_are() {
        let mut cells = Vec::new();
        for reader in 0..10 {
            cells.extend([(reader, 0, 1.0), (reader, 1, 1.0)]);
        }
        cells.extend([(10, 2, 1.0), (10, 3, 1.0), (11, 3, -1.0), (11, 0, 1.0)]);
        let found = trained(cells, 1);
        assert_eq!(found.of(0)[0].0, 1);
        assert!(found.between(0, 1) > found.between(2, 3));
        assert!(found.between(2, 3) > 0.0);
        // A dislike makes nothing alike.
        assert_eq!(
            found.between(0, 3).total_cmp(&0.0),
            std::cmp::Ordering::Equal
        );
        assert!(found.of(99).is_empty());
    }

    proptest! {
        #[test]
        fn likeness_is_symmetric_bounded_and_the_same_in_any_number_of_threads(
            cells in proptest::collection::vec((0..30_u32, 0..20_u32, -1.0..4_f32), 0..200),
        ) {
            let found = trained(cells.clone(), 1);
            for book in 0..20 {
                for (other, likeness) in found.of(book) {
                    prop_assert!(*likeness > 0.0 && *likeness <= 1.0);
                    prop_assert!(*other != book);
                    prop_assert!((found.between(*other, book) - likeness).abs() < 1e-5);
                }
                prop_assert!(found.of(book).is_sorted_by(|a, b| a.1 >= b.1));
            }
            prop_assert_eq!(&trained(cells, 3), &found);
        }
    }
}
