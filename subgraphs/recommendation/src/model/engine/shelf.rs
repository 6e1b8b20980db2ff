//! The books that can be recommended, numbered. Their numbers hold until the models are trained again; what comes or changes between
//! is added without training.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::content::{Content, Description, Vector, nearness};
use super::number::{float, index};

/// What is to be known of a book beside what it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// The book.
    pub id: Uuid,
    /// Rises with every change.
    pub version: i64,
    /// The title.
    pub title: String,
    /// BCP 47 language of the text.
    pub language: String,
    /// Its categories.
    pub categories: Vec<Uuid>,
    /// When readers could first find it, in seconds since 1970.
    pub published: i64,
    /// Whether readers can find it.
    pub is_available: bool,
}

/// All books.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    positions: Arc<HashMap<Uuid, u32>>,
    cards: Vec<Arc<Card>>,
    vectors: Vec<Arc<Vector>>,
    newness: Arc<Vec<f32>>,
    content: Arc<Content>,
    /// How many of the first books the content model was learnt from.
    learnt: usize,
}

impl Shelf {
    /// A shelf of these books, each of which comes once; what is rare among them is learnt from all.
    pub fn new(books: Vec<(Card, Description)>) -> Self {
        let (cards, descriptions): (Vec<_>, Vec<_>) = books.into_iter().unzip();
        let (content, vectors) = Content::new(&descriptions);
        let positions = cards.iter().enumerate();
        Self {
            positions: Arc::new(
                positions
                    .map(|(place, card)| (card.id, index(place)))
                    .collect(),
            ),
            learnt: cards.len(),
            newness: Arc::new(newness(cards.iter())),
            cards: cards.into_iter().map(Arc::new).collect(),
            vectors: vectors.into_iter().map(Arc::new).collect(),
            content: Arc::new(content),
        }
    }

    /// The shelf with books that are new or have changed.
    #[must_use]
    pub fn with(&self, changed: Vec<(Card, Description)>) -> Self {
        let mut shelf = self.clone();
        for (card, description) in changed {
            let vector = Arc::new(shelf.content.vector(&description));
            let known = shelf.position(card.id);
            if let Some(place) = known {
                let place = place as usize;
                shelf.cards[place] = Arc::new(card);
                shelf.vectors[place] = vector;
            } else {
                let place = index(shelf.cards.len());
                Arc::make_mut(&mut shelf.positions).insert(card.id, place);
                shelf.cards.push(Arc::new(card));
                shelf.vectors.push(vector);
            }
        }
        shelf.newness = Arc::new(newness(shelf.cards()));
        shelf
    }

    /// The shelf of these books, all that there are, with what is rare among them learnt anew; books keep their numbers. None where
    /// one that has a number is missing.
    #[must_use]
    pub fn relearnt(&self, mut books: Vec<(Card, Description)>) -> Option<Self> {
        let place = |id: Uuid| self.position(id).unwrap_or(u32::MAX);
        books.sort_by_key(|(card, _)| (place(card.id), card.id));
        let keeps = |(known, (card, _)): (&Arc<Card>, &(Card, Description))| known.id == card.id;
        let all = books.len() >= self.len() && self.cards.iter().zip(&books).all(keeps);
        all.then(|| Self::new(books))
    }

    /// Whether so many books came since the content model was learnt that it no longer knows what they are about.
    pub fn is_outgrown(&self) -> bool {
        self.len() - self.learnt > self.learnt / 4
    }

    /// How many books there are.
    pub fn len(&self) -> usize {
        self.cards.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cards.is_empty()
    }

    /// The number of a book.
    pub fn position(&self, id: Uuid) -> Option<u32> {
        self.positions.get(&id).copied()
    }

    /// The book with this number.
    pub fn card(&self, book: u32) -> Option<&Card> {
        self.cards.get(book as usize).map(AsRef::as_ref)
    }

    /// All books in the order of their numbers.
    pub fn cards(&self) -> impl ExactSizeIterator<Item = &Card> + Clone {
        self.cards.iter().map(AsRef::as_ref)
    }

    /// How new each book is: the newest has 1, one that is a year older half of it.
    pub fn newness(&self) -> &[f32] {
        &self.newness
    }

    /// What a book is about.
    pub fn vector(&self, book: u32) -> Option<&Vector> {
        self.vectors.get(book as usize).map(AsRef::as_ref)
    }

    /// The vector of an interest in categories.
    pub fn interest(&self, categories: &[Uuid]) -> Vector {
        self.content.interest(categories)
    }

    /// How near each book is to a vector.
    pub fn near(&self, vector: &[(u32, f32)]) -> Vec<f32> {
        let mut scores = vec![0.0; self.len()];
        if !vector.is_empty() {
            self.content.score(vector, &mut scores);
            let late = self.vectors.iter().zip(&mut scores).skip(self.learnt);
            for (theirs, score) in late {
                *score = nearness(vector, theirs);
            }
        }
        scores
    }

    /// How alike what two books are about is, from 0 to 1.
    pub fn likeness(&self, one: u32, other: u32) -> f32 {
        match (self.vector(one), self.vector(other)) {
            (Some(one), Some(other)) => nearness(one, other),
            _ => 0.0,
        }
    }
}

/// Seconds of a day.
const DAY: i64 = 86_400;
/// The age at which books do not get any older.
const OLD: i64 = 20 * 365 * DAY;

fn newness<'a>(cards: impl Iterator<Item = &'a Card> + Clone) -> Vec<f32> {
    let newest = cards.clone().map(|card| card.published).max();
    let newest = newest.unwrap_or_default();
    let halved = |card: &Card| {
        let days = newest.saturating_sub(card.published).clamp(0, OLD) / DAY;
        let years = float(usize::try_from(days).unwrap_or_default()) / 365.0;
        0.5_f32.powf(years)
    };
    cards.map(halved).collect()
}
