//! Ratings with a structure that is known: readers have a few genres out of many, and within a genre some books are far more
//! popular than others. For tests and benchmarks.

use super::evaluation::Ratings;
use super::number::{float, index};
use super::random::Random;

/// How large the set is.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Readers.
    pub readers: usize,
    /// Books, of which book `n` is of genre `n % genres`.
    pub books: usize,
    /// Genres.
    pub genres: usize,
    /// Ratings of each reader.
    pub each: usize,
}

/// How often a reader takes a book of any genre.
const STRAY: f32 = 0.15;

/// Ratings from 1 to 5; books of a reader's two or three genres are liked, others mostly are not.
pub fn ratings(shape: Shape, seed: u64) -> Ratings {
    let mut random = Random::new(seed);
    let mut ratings = Vec::with_capacity(shape.readers * shape.each);
    let per_genre = shape.books / shape.genres;
    for reader in 0..shape.readers {
        let mut genres: Vec<usize> = (0..shape.genres).collect();
        random.shuffle(&mut genres);
        genres.truncate(2 + random.below(2));
        let mut taken = Vec::with_capacity(shape.each);
        for _ in 0..shape.each {
            let stray = random.unit() < STRAY;
            let genre = if stray {
                random.below(shape.genres)
            } else {
                genres[random.below(genres.len())]
            };
            // The square of an even spread: low numbers come often, as popular books do.
            let place = random.unit();
            let place = place * place * float(per_genre);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a number from 0 to the books of a genre"
            )]
            let book = place as usize * shape.genres + genre;
            if taken.contains(&book) {
                continue;
            }
            taken.push(book);
            let liked = genres.contains(&genre);
            let rating = if liked {
                3.6 + 1.4 * random.unit()
            } else {
                1.0 + 3.0 * random.unit()
            };
            ratings.push((index(reader), index(book), rating));
        }
    }
    Ratings {
        readers: shape.readers,
        books: shape.books,
        ratings,
    }
}
