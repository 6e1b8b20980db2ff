//! The models find a structure that is known.

use proptest::prelude::*;

use super::super::collaborative::TrainingOptions;
use super::super::parallel::unwatched;
use super::super::synthetic::{Shape, ratings};
use super::*;

const SHAPE: Shape = Shape {
    readers: 400,
    books: 300,
    genres: 10,
    each: 20,
};

fn options() -> TrainingOptions {
    let mut options = TrainingOptions::default();
    options.als.rank = 12;
    options.als.rounds = 5;
    options
}

fn judged(seed: u64, threads: usize) -> Vec<Quality> {
    let split = Split::new(&ratings(SHAPE, seed), 3.5, 400, seed);
    let models = Collaborative::train(&split.training, &options(), threads, &unwatched).unwrap();
    let judge = |method| judge(&split, &models, method, threads, &unwatched).unwrap();
    Method::ALL.into_iter().map(judge).collect()
}

#[test]
fn who_reads_what_is_found_far_better_than_by_popularity() {
    for seed in [1, 2] {
        let [popularity, random, cosine, als, hybrid, diversified] = judged(seed, 1)[..] else {
            panic!("one of each")
        };
        for found in [cosine, als, hybrid, diversified] {
            assert!(
                found.ndcg > 2.0 * popularity.ndcg,
                "{found:?} {popularity:?}"
            );
            assert!(
                found.recall > 2.0 * popularity.recall,
                "{found:?} {popularity:?}"
            );
            assert!(
                found.coverage > 2.0 * popularity.coverage,
                "{found:?} {popularity:?}"
            );
            assert!((found.precision * 10.0 - found.recall).abs() < 1e-6);
        }
        assert!(popularity.ndcg > random.ndcg);
        assert!(random.coverage > 0.9);
    }
}

#[test]
fn a_seed_gives_one_result_in_any_number_of_threads() {
    assert_eq!(judged(3, 1), judged(3, 4));
}

#[test]
fn what_is_held_out_is_liked_and_not_trained_on() {
    let given = ratings(SHAPE, 5);
    let split = Split::new(&given, 3.5, 100, 9);
    assert_eq!(split.held_out.len(), 100);
    for (reader, book) in &split.held_out {
        let mut row = split.training.row(*reader as usize);
        assert!(row.all(|(other, _)| other != *book));
        let rated = given
            .ratings
            .iter()
            .find(|(r, b, _)| (r, b) == (reader, book));
        assert!(rated.is_some_and(|(.., rating)| *rating >= 3.5));
    }
    assert_eq!(
        split.training.cells() + 100,
        Split::new(&given, 3.5, 0, 9).training.cells()
    );
}

#[test]
fn nothing_to_test_with_is_no_fault() {
    let split = Split::new(&Ratings::default(), 3.5, 10, 1);
    let models = Collaborative::train(&split.training, &options(), 2, &unwatched).unwrap();
    for method in Method::ALL {
        let quality = judge(&split, &models, method, 2, &unwatched).unwrap();
        assert!(quality.ndcg.abs() < f32::EPSILON && quality.coverage.abs() < f32::EPSILON);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_ratings_give_qualities_between_none_and_all(
        cells in proptest::collection::vec((0..12_u32, 0..15_u32, 0.0..5_f32), 0..120), seed in any::<u64>(),
    ) {
        let given = Ratings { readers: 12, books: 15, ratings: cells };
        let split = Split::new(&given, 3.0, 12, seed);
        let models = Collaborative::train(&split.training, &options(), 1, &unwatched).unwrap();
        for method in Method::ALL {
            let found = judge(&split, &models, method, 1, &unwatched).unwrap();
            for value in [found.ndcg, found.recall, found.precision, found.coverage] {
                prop_assert!((0.0..=1.0).contains(&value), "{found:?}");
            }
            prop_assert!(found.ndcg <= found.recall + 1e-6);
        }
    }
}
