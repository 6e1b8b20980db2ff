//! What is recommended to whom.

use proptest::prelude::*;

use super::super::collaborative::TrainingOptions;
use super::super::content::Description;
use super::super::matrix::Sparse;
use super::super::parallel::unwatched;
use super::super::shelf::Card;
use super::*;

/// Books of a genre each; the genre is a category and a word of the description.
const GENRES: usize = 4;
const BOOKS: usize = 40;

fn book_id(number: usize) -> Uuid {
    Uuid::from_u128(0xb000 + number as u128)
}

fn category(genre: usize) -> Uuid {
    Uuid::from_u128(0xc000 + genre as u128)
}

fn book(number: usize) -> (Card, Description) {
    let genre = number % GENRES;
    let card = Card {
        id: book_id(number),
        version: 1,
        title: format!("Livre {number}"),
        language: if number % 8 == 7 { "en" } else { "fr" }.to_owned(),
        categories: vec![category(genre)],
        published: 1_700_000_000 + 86_400 * i64::try_from(number).unwrap(),
        is_available: true,
    };
    let description = Description {
        title: card.title.clone(),
        text: format!("genre{genre} auteur{}", number / 8),
        categories: card.categories.clone(),
        people: vec![Uuid::from_u128(0xa000 + (number / 8) as u128)],
        series: None,
    };
    (card, description)
}

/// Thirty readers who keep to a genre each, and a shelf of all but the last books, which nobody has read.
fn recommender() -> Recommender {
    let mut cells = Vec::new();
    for reader in 0..30 {
        let genre = reader % GENRES;
        for place in 0..6 {
            let number = ((reader / GENRES + place) % 8) * GENRES + genre;
            cells.push((index(reader), index(number), 1.0));
        }
    }
    let mut options = TrainingOptions::default();
    options.als.rank = 6;
    let matrix = Sparse::new(30, BOOKS, cells);
    let models = Collaborative::train(&matrix, &options, 1, &unwatched).unwrap();
    let mut trending = vec![0.0; BOOKS];
    trending[5] = 1.0;
    trending[6] = 0.5;
    Recommender {
        shelf: Shelf::new((0..BOOKS).map(book).collect()),
        collaborative: Arc::new(models),
        trending,
    }
}

fn genre_of(pick: &Pick) -> usize {
    pick.book as usize % GENRES
}

#[test]
fn a_reader_is_given_their_genre_and_told_why() {
    let profile = Profile {
        tastes: vec![(0, 1.0), (4, 1.0), (8, 1.0)],
        ..Profile::default()
    };
    let picks = recommender().recommend(&profile, 5);
    assert_eq!(genre_of(&picks[0]), 0, "{picks:?}");
    assert!(
        picks.iter().filter(|pick| genre_of(pick) == 0).count() >= 3,
        "{picks:?}"
    );
    assert!(
        matches!(picks[0].reason, Reason::Read(0 | 4 | 8)),
        "{picks:?}"
    );
    let reason = recommender().explain(&profile, &[picks[0].book, 9999]);
    assert_eq!(reason, [Some(picks[0].reason), None]);
}

#[test]
fn whoever_is_new_is_given_what_is_read_now_and_what_they_said_to_like() {
    let picks = recommender().recommend(&Profile::default(), 3);
    assert_eq!((picks[0].book, picks[0].reason), (5, Reason::Trending));
    assert_eq!(picks[1].book, 6);
    let profile = Profile {
        interests: vec![category(2)],
        ..Profile::default()
    };
    let picks = recommender().recommend(&profile, 3);
    assert_eq!(genre_of(&picks[0]), 2, "{picks:?}");
    assert_eq!(picks[0].reason, Reason::Interest(category(2)));
    // Nothing at all is known: the newest.
    let unknown = Recommender {
        shelf: recommender().shelf,
        ..Recommender::default()
    };
    let picks = unknown.recommend(&Profile::default(), 1);
    assert_eq!(
        (picks[0].book as usize, picks[0].reason),
        (BOOKS - 1, Reason::New)
    );
    assert!(Recommender::default().recommend(&profile, 10).is_empty());
}

#[test]
fn a_book_that_came_after_the_training_is_found_by_what_it_is_about() {
    let (card, description) = book(BOOKS);
    let mut late = recommender();
    late.shelf = late.shelf.with(vec![(card, description)]);
    let similar: Vec<u32> = late
        .similar(32, 5, |_| false)
        .into_iter()
        .map(|(book, _)| book)
        .collect();
    assert!(similar.contains(&index(BOOKS)), "{similar:?}");
    let (mut card, description) = book(BOOKS);
    card.is_available = false;
    late.shelf = late.shelf.with(vec![(card, description)]);
    assert_eq!(late.shelf.len(), BOOKS + 1);
    let similar = late.similar(32, 100, |_| false);
    assert!(similar.iter().all(|(book, _)| *book != index(BOOKS)));
}

#[test]
fn a_shelf_that_has_outgrown_what_it_learnt_learns_anew_and_keeps_its_numbers() {
    let empty = Shelf::new(Vec::new());
    assert!(!empty.is_outgrown());
    // Nothing was learnt yet, so nothing is alike.
    let grown = empty.with((0..8).rev().map(book).collect());
    assert!(grown.is_outgrown() && grown.likeness(0, 4) < 0.01);
    let learnt = grown.relearnt((0..10).map(book).collect()).unwrap();
    assert!(!learnt.is_outgrown() && learnt.len() == 10);
    for number in 0..8 {
        assert_eq!(
            learnt.position(book_id(number)),
            grown.position(book_id(number))
        );
    }
    assert!(learnt.likeness(0, 4) > 0.1);
    // Books that are missing would shift the numbers of others.
    assert!(learnt.relearnt((1..12).map(book).collect()).is_none());
    assert!(learnt.relearnt(Vec::new()).is_none());
}

#[test]
fn what_a_reader_refuses_takes_its_like_down() {
    let liking = Profile {
        tastes: vec![(0, 1.0), (1, 1.0)],
        ..Profile::default()
    };
    let averse = Profile {
        tastes: vec![(0, 1.0), (1, 1.0), (5, -1.0), (9, -1.0), (13, -1.0)],
        ..Profile::default()
    };
    let count = |profile| {
        let picks = recommender().recommend(profile, 8);
        picks.iter().filter(|pick| genre_of(pick) == 1).count()
    };
    assert!(count(&averse) < count(&liking));
}

#[test]
fn what_was_shown_in_vain_moves_down() {
    let mut profile = Profile::default();
    profile.shown.insert(5, 30);
    assert_ne!(recommender().recommend(&profile, 1)[0].book, 5);
    profile.shown.insert(5, u32::MAX);
    assert_ne!(recommender().recommend(&profile, 1)[0].book, 5);
}

fn profiles() -> impl Strategy<Value = Profile> {
    let books = 0..index(BOOKS + 5);
    let tastes = proptest::collection::btree_map(books.clone(), -1.0..4_f32, 0..20);
    let excluded = proptest::collection::hash_set(books.clone(), 0..20);
    let shown = proptest::collection::hash_map(books, 0..50_u32, 0..10);
    let interests = proptest::collection::vec((0..6_usize).prop_map(category), 0..3);
    (tastes, excluded, shown, interests).prop_map(|(tastes, excluded, shown, interests)| Profile {
        tastes: tastes.into_iter().collect(),
        interests,
        excluded,
        shown,
    })
}

proptest! {
    #[test]
    fn nothing_excluded_or_refused_is_ever_recommended(profile in profiles(), count in 0..120_usize) {
        let recommender = recommender();
        let picks = recommender.recommend(&profile, count);
        prop_assert!(picks.len() <= count);
        let refused: HashSet<u32> =
            profile.tastes.iter().filter(|(_, weight)| *weight < 0.0).map(|(book, _)| *book).collect();
        let mut seen = HashSet::new();
        for pick in &picks {
            prop_assert!(!profile.excluded.contains(&pick.book) && !refused.contains(&pick.book));
            prop_assert!((pick.book as usize) < BOOKS && seen.insert(pick.book));
            prop_assert!((0.0..=1.0).contains(&pick.score), "{pick:?}");
        }
        prop_assert_eq!(recommender.recommend(&profile, count), picks);
        for (other, _) in recommender.similar(3, count, |book| profile.excluded.contains(&book)) {
            prop_assert!(other != 3 && !profile.excluded.contains(&other));
        }
        let excluded: Vec<u32> = profile.excluded.iter().copied().collect();
        prop_assert!(recommender.explain(&profile, &excluded).iter().all(Option::is_none));
    }
}
