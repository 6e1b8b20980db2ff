//! The layout of goodbooks-10k.

use super::{Cells, Fallible, short};
use crate::import::{Record, Rejection};
use crate::model::{ContributorRole, Isbn, PublicationDate, bcp47};

/// The record of a row.
pub(super) fn goodbooks(cells: &Cells<'_>, warnings: &mut Vec<Rejection>) -> Fallible<Record> {
    let id = cells.required("goodreads_book_id", 40)?;
    let full_title = cells.required("title", 400)?;
    let (title, series) = split_series(&full_title);
    // Most of the rows without a language are English.
    let code = cells
        .line("language_code", 35)?
        .unwrap_or_else(|| "eng".to_owned());
    let Some(language) = bcp47(&code) else {
        return cells.reject(
            "language_code",
            format!("`{}` is not a language", short(&code)),
        );
    };
    if title.chars().count() > 300 {
        return cells.reject("title", "the text is longer than 300 characters");
    }
    let mut record = Record::new(id, title.to_owned(), language);
    record.series = series;
    record.contributors = cells.names("authors", ',', ContributorRole::Author)?;
    if record.contributors.is_empty() {
        return cells.reject("authors", "the cell is empty");
    }
    let isbn = cells.cell("isbn")?;
    if !isbn.is_empty() {
        match format!("{isbn:0>10}").parse::<Isbn>() {
            Ok(isbn) => record.isbn = Some(isbn),
            Err(error) => warnings.push(Rejection::new(
                cells.line,
                "isbn",
                format!("`{}` is left out: {error}", short(isbn)),
            )),
        }
    }
    if record.isbn.is_none() {
        // Only a number that was not rounded to scientific notation can still be right.
        record.isbn = cells.cell("isbn13")?.parse().ok();
    }
    if let Some(year) = cells.number::<f64>("original_publication_year", "a year")? {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "anything that is no year is refused next"
        )]
        let date = PublicationDate::year(year as i32);
        match date {
            Ok(date) if year.fract() == 0.0 => record.publication = Some(date),
            _ => {
                return cells.reject(
                    "original_publication_year",
                    format!("expected a year, found `{year}`"),
                );
            }
        }
    }
    record.outside_ratings = cells
        .number::<i64>("ratings_count", "a number")?
        .unwrap_or(0)
        .max(0);
    let rating = cells.number::<f64>("average_rating", "a number")?;
    if let Some(rating) = rating.filter(|rating| (0.0..=5.0).contains(rating)) {
        record.metadata = serde_json::json!({
            "outsideRating": { "mean": rating, "count": record.outside_ratings, "source": "goodreads" },
        });
    }
    if let Some(original) = cells
        .line("original_title", 300)?
        .filter(|original| *original != record.title)
    {
        record.metadata["originalTitle"] = original.into();
    }
    record.lenient = true;
    Ok(record)
}

/// Parts `The Hunger Games (The Hunger Games, #1)` into title and series; of several series the first is taken.
pub(super) fn split_series(title: &str) -> (&str, Option<(String, Option<f64>)>) {
    let whole = (title, None);
    let Some(inside) = title.strip_suffix(')') else {
        return whole;
    };
    let Some(open) = inside.rfind('(') else {
        return whole;
    };
    let first = inside[open + 1..].split(';').next().unwrap_or_default();
    let Some((name, number)) = first.rsplit_once('#') else {
        return whole;
    };
    let name = name.trim().trim_end_matches(',').trim();
    let rest = title[..open].trim();
    if name.is_empty() || rest.is_empty() {
        return whole;
    }
    let digits: String = number
        .trim()
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let position = digits
        .trim_end_matches('.')
        .parse()
        .ok()
        .filter(|position| *position <= 10_000.0);
    (rest, Some((name.to_owned(), position)))
}
