//! Answering from warm models: ten thousand books, two thousand readers to train on, one thread.

use std::hint::black_box;
use std::sync::Arc;

use coko_recommendation::model::engine::collaborative::{Collaborative, TrainingOptions};
use coko_recommendation::model::engine::content::Description;
use coko_recommendation::model::engine::evaluation::Split;
use coko_recommendation::model::engine::parallel::unwatched;
use coko_recommendation::model::engine::recommender::{Profile, Recommender};
use coko_recommendation::model::engine::shelf::{Card, Shelf};
use coko_recommendation::model::engine::synthetic::{Shape, ratings};
use criterion::Criterion;
use uuid::Uuid;

const SHAPE: Shape = Shape {
    readers: 2000,
    books: 10_000,
    genres: 40,
    each: 30,
};

fn book(number: usize) -> (Card, Description) {
    let card = Card {
        id: Uuid::from_u128(number as u128 + 1),
        version: 1,
        title: format!("Livre {number}"),
        language: "fr".to_owned(),
        categories: vec![Uuid::from_u128((number % SHAPE.genres) as u128)],
        published: 1_700_000_000,
        is_available: true,
    };
    let word = |place: usize| format!("mot{} ", (number * 7919 + place * place * 104_729) % 20_000);
    let description = Description {
        title: card.title.clone(),
        text: (0..60).map(word).collect(),
        categories: card.categories.clone(),
        people: vec![Uuid::from_u128(1_000_000 + (number / 5) as u128)],
        series: None,
    };
    (card, description)
}

fn answering(criterion: &mut Criterion) {
    let split = Split::new(&ratings(SHAPE, 7), 3.5, 0, 42);
    let options = TrainingOptions::default();
    let Some(models) = Collaborative::train(&split.training, &options, 2, &unwatched) else {
        return;
    };
    let recommender = Recommender {
        shelf: Shelf::new((0..SHAPE.books).map(book).collect()),
        collaborative: Arc::new(models),
        trending: vec![0.1; SHAPE.books],
    };
    let liked = split.training.row(0).filter(|(_, weight)| *weight > 0.0);
    let profile = Profile {
        tastes: liked.collect(),
        ..Profile::default()
    };
    criterion.bench_function("a reader's list of twenty", |bencher| {
        bencher.iter(|| recommender.recommend(black_box(&profile), 20));
    });
    criterion.bench_function("a reader's whole list", |bencher| {
        bencher.iter(|| recommender.recommend(black_box(&profile), 100));
    });
    criterion.bench_function("forty books like one", |bencher| {
        bencher.iter(|| recommender.similar(black_box(17), 40, |_| false));
    });
    criterion.bench_function("folding a reader in", |bencher| {
        bencher.iter(|| {
            recommender
                .collaborative
                .factors
                .fold_in(black_box(&profile.tastes))
        });
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    answering(&mut criterion);
    criterion.final_summary();
}
