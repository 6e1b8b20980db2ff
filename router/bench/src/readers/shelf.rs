//! What there is to browse, to look for and to buy: the catalogue as the endpoint shows it.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::client::{Client, Endpoint};
use super::operations;

/// Books of a page, as the web application asks for them.
const PAGE: usize = 20;
/// Pages that are looked at.
const PAGES: usize = 25;
/// Letters of the shortest word that is looked for.
const SHORTEST: usize = 4;

/// The books of the catalogue.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// The id of each book.
    pub(super) ids: Vec<String>,
    /// The name of each book's page.
    pub(super) slugs: Vec<String>,
    /// The ids of those that cost something.
    pub(super) for_sale: Vec<String>,
    /// Where the pages after the first begin.
    pub(super) cursors: Vec<String>,
    /// Words of titles.
    pub(super) words: Vec<String>,
}

impl Shelf {
    /// Reads the catalogue.
    ///
    /// # Errors
    /// When the endpoint does not answer, or there are no books.
    pub(super) async fn read(endpoint: &Arc<Endpoint>) -> anyhow::Result<Self> {
        let mut client = Client::new(endpoint);
        let mut shelf = Self::default();
        for _ in 0..PAGES {
            let variables = json!({ "first": PAGE, "after": shelf.cursors.last() });
            let answer = client.run(None, &operations::BOOKS, &variables).await?;
            let page = &answer["data"]["books"];
            let books = page["nodes"].as_array();
            let books = books.with_context(|| format!("the catalogue cannot be read: {answer}"))?;
            for book in books {
                shelf.add(book);
            }
            match page["pageInfo"]["endCursor"].as_str() {
                Some(cursor) if page["pageInfo"]["hasNextPage"] == json!(true) => {
                    shelf.cursors.push(cursor.to_owned());
                }
                _ => break,
            }
        }
        ensure!(!shelf.slugs.is_empty(), "the catalogue has no books");
        ensure!(
            !shelf.words.is_empty(),
            "no title has a word of {SHORTEST} letters to look for"
        );
        Ok(shelf)
    }

    fn add(&mut self, book: &Value) {
        let text = |field: &str| book[field].as_str().unwrap_or_default().to_owned();
        let is_for_sale = book["isFree"] == json!(false) && book["price"]["amount"].is_number();
        self.ids.push(text("id"));
        self.slugs.push(text("slug"));
        if is_for_sale {
            self.for_sale.push(text("id"));
        }
        let title = text("title");
        let words = title
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| word.chars().count() >= SHORTEST);
        self.words.extend(words.map(str::to_lowercase));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_is_for_sale_that_has_a_price_and_is_not_free() {
        let mut shelf = Shelf::default();
        shelf.add(&json!({ "id": "1", "slug": "a", "title": "L'Enfant noir", "isFree": false, "price": { "amount": 2500 } }));
        shelf.add(&json!({ "id": "2", "slug": "b", "title": "Xala", "isFree": true, "price": { "amount": 0 } }));
        shelf.add(
            &json!({ "id": "3", "slug": "c", "title": "O pays", "isFree": false, "price": null }),
        );
        assert_eq!(shelf.ids, ["1", "2", "3"]);
        assert_eq!(shelf.slugs, ["a", "b", "c"]);
        assert_eq!(shelf.for_sale, ["1"]);
        assert_eq!(shelf.words, ["enfant", "noir", "xala", "pays"]);
    }
}
