//! What books are about: TF-IDF vectors of words, categories, people and series, and the books near to such a vector.

use std::collections::HashMap;

use uuid::Uuid;

use super::number::{float, index};
use super::text::words;

/// What a book is said to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The title.
    pub title: String,
    /// What it is about, in words.
    pub text: String,
    /// Its categories.
    pub categories: Vec<Uuid>,
    /// Who contributed to it.
    pub people: Vec<Uuid>,
    /// Its series.
    pub series: Option<Uuid>,
}

/// Words of a text that are looked at.
const MOST_WORDS: usize = 400;
/// Features of a vector that are kept.
const MOST_FEATURES: usize = 80;
/// A feature that more than this share of all books have says nothing, in a catalogue that is not small.
const COMMONPLACE: f32 = 0.3;
/// The size below which nothing is commonplace.
const SMALL: usize = 50;

/// How much each kind of feature is of a vector.
const WORDS_SHARE: f32 = 0.5;
const CATEGORIES_SHARE: f32 = 0.6;
const PEOPLE_SHARE: f32 = 0.6;
const SERIES_SHARE: f32 = 0.4;

/// Something that books have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Feature {
    Word(String),
    Category(Uuid),
    Person(Uuid),
    Series(Uuid),
}

impl Feature {
    fn share(&self) -> f32 {
        match self {
            Self::Word(_) => WORDS_SHARE,
            Self::Category(_) => CATEGORIES_SHARE,
            Self::Person(_) => PEOPLE_SHARE,
            Self::Series(_) => SERIES_SHARE,
        }
    }

    fn kind(&self) -> usize {
        match self {
            Self::Word(_) => 0,
            Self::Category(_) => 1,
            Self::Person(_) => 2,
            Self::Series(_) => 3,
        }
    }
}

/// A vector of length 1, or empty: numbers of features, rising, and their weights.
pub type Vector = Vec<(u32, f32)>;

/// The features of all books, and which books have them.
#[derive(Clone, Debug, Default)]
pub struct Content {
    numbers: HashMap<Feature, u32>,
    rarity: Vec<f32>,
    /// The books that have a feature, and its weight in each.
    books_with: Vec<Vec<(u32, f32)>>,
}

impl Content {
    /// Learns what is rare from all books, and returns each one's vector as well.
    pub fn new(books: &[Description]) -> (Self, Vec<Vector>) {
        let counted: Vec<Vec<(Feature, f32)>> = books.iter().map(features).collect();
        let mut frequency: HashMap<&Feature, usize> = HashMap::new();
        for (feature, _) in counted.iter().flatten() {
            *frequency.entry(feature).or_default() += 1;
        }
        let most = if books.len() < SMALL {
            books.len()
        } else {
            commonplace(books.len())
        };
        // Sorted, so that numbers and with them sums of floats are the same every time.
        let mut kept: Vec<(&Feature, usize)> = frequency
            .into_iter()
            .filter(|(_, count)| *count <= most)
            .collect();
        kept.sort_unstable();
        let rarity = kept
            .iter()
            .map(|(_, count)| (1.0 + float(books.len()) / float(*count)).ln())
            .collect();
        let numbers: HashMap<Feature, u32> = kept
            .iter()
            .enumerate()
            .map(|(number, (feature, _))| ((*feature).clone(), index(number)))
            .collect();
        let mut content = Self {
            books_with: vec![Vec::new(); numbers.len()],
            numbers,
            rarity,
        };
        let vectors: Vec<Vector> = counted
            .into_iter()
            .map(|counted| content.weigh(counted))
            .collect();
        for (book, vector) in vectors.iter().enumerate() {
            for (feature, weight) in vector {
                content.books_with[*feature as usize].push((index(book), *weight));
            }
        }
        (content, vectors)
    }

    /// The vector of a book, which need not be one of those that were learnt from.
    pub fn vector(&self, book: &Description) -> Vector {
        self.weigh(features(book))
    }

    /// The vector of an interest in categories.
    pub fn interest(&self, categories: &[Uuid]) -> Vector {
        let counted = categories
            .iter()
            .map(|category| (Feature::Category(*category), 1.0));
        self.weigh(counted.collect())
    }

    fn weigh(&self, counted: Vec<(Feature, f32)>) -> Vector {
        let mut groups = [0.0_f32; 4];
        let mut weighed: Vec<(u32, f32, usize, f32)> = Vec::with_capacity(counted.len());
        for (feature, count) in counted {
            let Some(number) = self.numbers.get(&feature) else {
                continue;
            };
            let weight = count * self.rarity[*number as usize];
            groups[feature.kind()] += weight * weight;
            weighed.push((*number, weight, feature.kind(), feature.share()));
        }
        // Each kind counts by its share, however many of it there are.
        let vector = weighed
            .into_iter()
            .map(|(number, weight, kind, share)| (number, share * weight / groups[kind].sqrt()))
            .collect();
        unit(vector, MOST_FEATURES)
    }

    /// Adds to `scores` how near each of the books that were learnt from is to a vector.
    pub fn score(&self, vector: &[(u32, f32)], scores: &mut [f32]) {
        for (feature, weight) in vector {
            let Some(books) = self.books_with.get(*feature as usize) else {
                continue;
            };
            for (book, theirs) in books {
                if let Some(score) = scores.get_mut(*book as usize) {
                    *score += weight * theirs;
                }
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count"
)]
fn commonplace(books: usize) -> usize {
    (float(books) * COMMONPLACE) as usize
}

/// What a book has, and how often, damped; sorted.
fn features(book: &Description) -> Vec<(Feature, f32)> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for word in words(&book.title)
        .into_iter()
        .chain(words(&book.text))
        .take(MOST_WORDS)
    {
        *counts.entry(word).or_default() += 1;
    }
    let mut found: Vec<(Feature, f32)> = counts
        .into_iter()
        .map(|(word, count)| (Feature::Word(word), 1.0 + float(count).ln()))
        .collect();
    found.extend(
        book.categories
            .iter()
            .map(|id| (Feature::Category(*id), 1.0)),
    );
    found.extend(book.people.iter().map(|id| (Feature::Person(*id), 1.0)));
    found.extend(book.series.iter().map(|id| (Feature::Series(*id), 1.0)));
    found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    found.dedup_by(|a, b| a.0 == b.0);
    found
}

/// The heaviest `most` features, as a vector of length 1.
pub fn unit(mut vector: Vector, most: usize) -> Vector {
    if vector.len() > most {
        vector.sort_unstable_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        vector.truncate(most);
    }
    vector.sort_unstable_by_key(|(feature, _)| *feature);
    let length = vector
        .iter()
        .map(|(_, weight)| weight * weight)
        .sum::<f32>()
        .sqrt();
    if length > 0.0 {
        for (_, weight) in &mut vector {
            *weight /= length;
        }
    }
    vector
}

/// The sum of vectors by how much each counts, as a vector of length 1.
pub fn sum<'a>(vectors: impl Iterator<Item = (&'a Vector, f32)>) -> Vector {
    let mut all: Vec<(u32, f32)> = Vec::new();
    for (vector, share) in vectors {
        all.extend(
            vector
                .iter()
                .map(|(feature, weight)| (*feature, weight * share)),
        );
    }
    all.sort_by_key(|(feature, _)| *feature);
    let mut summed: Vector = Vec::new();
    for (feature, weight) in all {
        match summed.last_mut() {
            Some((last, total)) if *last == feature => *total += weight,
            _ => summed.push((feature, weight)),
        }
    }
    unit(summed, MOST_FEATURES)
}

/// How near two vectors are: 0 to 1 for those of books.
pub fn nearness(one: &[(u32, f32)], other: &[(u32, f32)]) -> f32 {
    let (mut left, mut right) = (one, other);
    let mut near = 0.0;
    while let ([first, rest @ ..], [second, others @ ..]) = (left, right) {
        match first.0.cmp(&second.0) {
            std::cmp::Ordering::Less => left = rest,
            std::cmp::Ordering::Greater => right = others,
            std::cmp::Ordering::Equal => {
                near += first.1 * second.1;
                (left, right) = (rest, others);
            }
        }
    }
    near
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn book(title: &str, text: &str, category: u128, person: u128) -> Description {
        Description {
            title: title.to_owned(),
            text: text.to_owned(),
            categories: vec![id(category)],
            people: vec![id(person)],
            series: None,
        }
    }

    #[test]
    fn what_is_alike_is_near() {
        let books = [
            book(
                "L'Enfant noir",
                "Une enfance en Guinée, la forge du père",
                1,
                10,
            ),
            book("Le Regard du roi", "Un voyage au royaume du Sud", 1, 10),
            book("Une si longue lettre", "Une veuve écrit à son amie", 1, 11),
            book("Cuisine de Dakar", "Recettes de poisson et de riz", 2, 12),
        ];
        let (content, vectors) = Content::new(&books);
        let near = |one: usize, other: usize| nearness(&vectors[one], &vectors[other]);
        assert!(near(0, 1) > near(0, 2), "the same author and category");
        assert!(near(0, 2) > near(0, 3), "the same category");
        assert!(near(0, 3) < 0.05);
        let mut scores = vec![0.0; books.len()];
        content.score(&vectors[0], &mut scores);
        for (other, score) in scores.iter().enumerate() {
            assert!((score - near(0, other)).abs() < 1e-5);
        }
        let mut cooks = vec![0.0; books.len()];
        content.score(&content.interest(&[id(2), id(99)]), &mut cooks);
        assert_eq!(super::super::number::top(&cooks, 9), [3]);
        // A book that came later.
        let later = content.vector(&book("Forge", "La forge", 1, 10));
        assert!(nearness(&later, &vectors[0]) > nearness(&later, &vectors[3]));
    }

    proptest! {
        #[test]
        fn vectors_have_the_length_one_and_are_the_same_every_time(texts in proptest::collection::vec("[a-zé ]{0,40}", 1..30)) {
            let books: Vec<Description> = texts.iter().enumerate()
                .map(|(number, text)| book(text, text, (number % 3) as u128, (number % 7) as u128)).collect();
            let (_, vectors) = Content::new(&books);
            let (_, again) = Content::new(&books);
            prop_assert_eq!(&again, &vectors);
            for vector in &vectors {
                let length = nearness(vector, vector);
                prop_assert!(vector.is_empty() || (length - 1.0).abs() < 1e-4);
                prop_assert!(vector.is_sorted_by(|a, b| a.0 < b.0));
            }
            let whole = sum(vectors.iter().map(|vector| (vector, 1.0)));
            prop_assert!(whole.is_empty() || (nearness(&whole, &whole) - 1.0).abs() < 1e-4);
        }
    }
}
