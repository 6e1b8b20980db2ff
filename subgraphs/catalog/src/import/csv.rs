//! CSV (RFC 4180, UTF-8) with a header, in one of two layouts.
//!
//! Ours, columns in any order, all but the first three optional:
//!
//! | column | content |
//! |---|---|
//! | `id` | the source's own id, unique in the source |
//! | `title`, `language` | BCP 47 or ISO 639-2 |
//! | `subtitle`, `description`, `publisher` | text |
//! | `authors`, `translators`, `illustrators`, `editors` | names separated by `;` |
//! | `isbn` | ISBN-10 or ISBN-13 |
//! | `published` | `1953`, `1953-10` or `1953-10-01` |
//! | `pages` | a number |
//! | `format` | `EPUB`, `PDF`, `AUDIOBOOK` or `COMIC` |
//! | `series`, `series_position` | a name and a number |
//! | `categories` | slugs separated by `;` |
//! | `price_xof`, `price_eur`, `price_usd` | minor units: francs, cents |
//! | `free` | `true` or `false` |
//!
//! That of goodbooks-10k: ISBNs there lost their leading zeros, titles hold the series in parentheses, names are
//! separated by commas. An ISBN that cannot be saved is left out with a warning.

mod goodbooks;

use std::collections::HashMap;
use std::io::Read;

use coko_core::money::{Currency, Money};
use coko_core::text;
use csv::{ByteRecord, ReaderBuilder};

use self::goodbooks::goodbooks;
use super::{CategoryKey, ImportError, Record, Rejection, Row};
use crate::model::{ContributorRole, Isbn, PublicationDate, Slug, bcp47};

/// A cell longer than this is not something of a book.
const CELL: usize = 64 * 1024;

/// Reads every row and gives it to `take`, which answers whether to go on.
///
/// # Errors
/// When the file cannot be read or has another header.
pub(super) fn read(input: impl Read, take: &mut dyn FnMut(Row) -> bool) -> Result<(), ImportError> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(input);
    let header = Header::of(reader.byte_headers().map_err(io)?)?;
    let mut record = ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            Err(error) => return Err(io(error)),
        }
        let line = record.position().map_or(0, csv::Position::line);
        if !take(row(&header, &record, line)) {
            return Ok(());
        }
    }
}

fn io(error: csv::Error) -> ImportError {
    ImportError::Io(error.into())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Own,
    Goodbooks,
}

struct Header {
    layout: Layout,
    columns: HashMap<String, usize>,
    width: usize,
}

impl Header {
    fn of(header: &ByteRecord) -> Result<Self, ImportError> {
        let mut columns = HashMap::new();
        for (index, name) in header.iter().enumerate() {
            let name = String::from_utf8_lossy(name);
            let name = name
                .trim_start_matches('\u{feff}')
                .trim()
                .to_ascii_lowercase();
            if columns.insert(name.clone(), index).is_some() {
                return Err(ImportError::Header(format!(
                    "the column `{name}` is there twice"
                )));
            }
        }
        let has = |names: &[&str]| names.iter().all(|name| columns.contains_key(*name));
        let layout = if has(&[
            "goodreads_book_id",
            "isbn",
            "authors",
            "title",
            "language_code",
        ]) {
            Layout::Goodbooks
        } else if has(&["id", "title", "language"]) {
            Layout::Own
        } else {
            return Err(ImportError::Header(
                "expected the columns id, title and language, or those of goodbooks-10k".to_owned(),
            ));
        };
        Ok(Self {
            layout,
            columns,
            width: header.len(),
        })
    }
}

/// One row with its header; what is asked of it that is not there is empty.
struct Cells<'a> {
    header: &'a Header,
    record: &'a ByteRecord,
    line: u64,
}

type Fallible<T> = Result<T, Rejection>;

impl<'a> Cells<'a> {
    fn reject<T>(&self, column: &str, reason: impl Into<String>) -> Fallible<T> {
        Err(Rejection::new(self.line, column, reason))
    }

    /// The cell as text: valid UTF-8, of a sane length.
    fn cell(&self, column: &str) -> Fallible<&'a str> {
        let Some(index) = self.header.columns.get(column) else {
            return Ok("");
        };
        let bytes = self.record.get(*index).unwrap_or_default();
        if bytes.len() > CELL {
            return self.reject(
                column,
                format!(
                    "the cell has {} bytes; at most {CELL} are accepted",
                    bytes.len()
                ),
            );
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.trim()),
            Err(error) => self.reject(
                column,
                format!("the cell is not UTF-8 from byte {}", error.valid_up_to()),
            ),
        }
    }

    /// One line of clean text, or none.
    fn line(&self, column: &str, max: usize) -> Fallible<Option<String>> {
        let cell = self.cell(column)?;
        if cell.is_empty() {
            return Ok(None);
        }
        if is_formula(cell) {
            return self.reject(column, "the cell is a spreadsheet formula, not text");
        }
        match text::line(cell, max) {
            Ok(clean) => Ok(Some(clean)),
            Err(error) => self.reject(column, error.to_string()),
        }
    }

    fn required(&self, column: &str, max: usize) -> Fallible<String> {
        match self.line(column, max)? {
            Some(text) => Ok(text),
            None => self.reject(column, "the cell is empty"),
        }
    }

    fn block(&self, column: &str, max: usize) -> Fallible<Option<String>> {
        let cell = self.cell(column)?;
        if cell.is_empty() {
            return Ok(None);
        }
        text::block(cell, max)
            .map(Some)
            .or_else(|error| self.reject(column, error.to_string()))
    }

    fn number<T: std::str::FromStr>(&self, column: &str, expected: &str) -> Fallible<Option<T>> {
        let cell = self.cell(column)?;
        if cell.is_empty() {
            return Ok(None);
        }
        cell.parse().map(Some).or_else(|_| {
            self.reject(
                column,
                format!("expected {expected}, found `{}`", short(cell)),
            )
        })
    }

    fn names(
        &self,
        column: &str,
        separator: char,
        role: ContributorRole,
    ) -> Fallible<Vec<(String, ContributorRole)>> {
        let mut names = Vec::new();
        for name in self
            .cell(column)?
            .split(separator)
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            if is_formula(name) {
                return self.reject(column, "the cell is a spreadsheet formula, not a name");
            }
            match text::line(name, 200) {
                Ok(clean) => names.push((clean, role)),
                Err(error) => return self.reject(column, error.to_string()),
            }
        }
        Ok(names)
    }
}

/// Cells that a spreadsheet would run: they begin with an operator and call, pipe or refer to something.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@']) && cell.len() > 1 && cell.contains(['(', '|', '!', '='])
}

fn short(cell: &str) -> String {
    cell.chars().take(40).collect()
}

fn row(header: &Header, record: &ByteRecord, line: u64) -> Row {
    let cells = Cells {
        header,
        record,
        line,
    };
    let mut warnings = Vec::new();
    let parsed = if record.len() == header.width {
        match header.layout {
            Layout::Own => own(&cells),
            Layout::Goodbooks => goodbooks(&cells, &mut warnings),
        }
    } else {
        cells.reject(
            "",
            format!(
                "the row has {} cells, the header {}",
                record.len(),
                header.width
            ),
        )
    };
    Row {
        line,
        record: parsed,
        warnings,
    }
}

fn own(cells: &Cells<'_>) -> Fallible<Record> {
    let id = cells.required("id", 200)?;
    let title = cells.required("title", 300)?;
    let code = cells.required("language", 35)?;
    let Some(language) = bcp47(&code) else {
        return cells.reject("language", format!("`{}` is not a language", short(&code)));
    };
    let mut record = Record::new(id, title, language);
    record.subtitle = cells.line("subtitle", 300)?;
    record.description = cells.block("description", 10_000)?;
    record.publisher = cells.line("publisher", 200)?;
    record.isbn = cells.number::<Isbn>("isbn", "an ISBN with a right check digit")?;
    record.publication =
        cells.number::<PublicationDate>("published", "a date such as 1953 or 1953-10-01")?;
    record.page_count = cells.number("pages", "a number of pages")?;
    if record
        .page_count
        .is_some_and(|pages| !(1..=100_000).contains(&pages))
    {
        return cells.reject("pages", "expected 1 to 100000 pages");
    }
    record.format = cells.number("format", "EPUB, PDF, AUDIOBOOK or COMIC")?;
    for (column, role) in [
        ("authors", ContributorRole::Author),
        ("translators", ContributorRole::Translator),
        ("illustrators", ContributorRole::Illustrator),
        ("editors", ContributorRole::Editor),
    ] {
        record.contributors.extend(cells.names(column, ';', role)?);
    }
    if let Some(series) = cells.line("series", 200)? {
        let position = cells.number::<f64>("series_position", "a number")?;
        if position.is_some_and(|position| !(0.0..=10_000.0).contains(&position)) {
            return cells.reject("series_position", "expected a number from 0 to 10000");
        }
        record.series = Some((series, position));
    }
    for slug in cells
        .cell("categories")?
        .split(';')
        .map(str::trim)
        .filter(|slug| !slug.is_empty())
    {
        if slug.parse::<Slug>().is_err() {
            return cells.reject(
                "categories",
                format!("`{}` is not the slug of a category", short(slug)),
            );
        }
        record.categories.push(CategoryKey::Slug(slug.to_owned()));
    }
    record.is_free = cells.number("free", "true or false")?.unwrap_or(false);
    record.prices = prices(cells, record.is_free)?;
    Ok(record)
}

fn prices(cells: &Cells<'_>, is_free: bool) -> Fallible<Vec<Money>> {
    let mut prices = Vec::new();
    for column in cells
        .header
        .columns
        .keys()
        .filter(|name| name.starts_with("price_"))
    {
        let Some(amount) = cells.number::<i64>(column, "an amount in minor units")? else {
            continue;
        };
        let code = &column["price_".len()..];
        let Ok(currency) = code.parse::<Currency>() else {
            return cells.reject(
                column,
                format!(
                    "`{}` is not a currency sold in; expected XOF, EUR or USD",
                    short(code)
                ),
            );
        };
        if !(0..=100_000_000).contains(&amount) {
            return cells.reject(
                column,
                format!("a price is between 0 and 100000000 minor units, not {amount}"),
            );
        }
        if is_free && amount > 0 {
            return cells.reject(column, "a free book has no price above zero");
        }
        prices.push(Money::new(amount, currency));
    }
    // Columns come in any order, and the digest of a record must not depend on it.
    prices.sort_by_key(|price| price.currency);
    Ok(prices)
}

#[cfg(test)]
mod tests {
    use super::goodbooks::split_series;
    use super::*;

    fn rows(input: &[u8]) -> Vec<Row> {
        let mut rows = Vec::new();
        read(input, &mut |row| {
            rows.push(row);
            true
        })
        .unwrap();
        rows
    }

    #[test]
    fn series_are_taken_out_of_titles() {
        for (title, expected) in [
            (
                "The Hunger Games (The Hunger Games, #1)",
                ("The Hunger Games", Some(("The Hunger Games", Some(1.0)))),
            ),
            (
                "The Shining (The Shining #1)",
                ("The Shining", Some(("The Shining", Some(1.0)))),
            ),
            (
                "Dune (Dune Chronicles, #0.5)",
                ("Dune", Some(("Dune Chronicles", Some(0.5)))),
            ),
            (
                "Boxset (Harry Potter, #1-7)",
                ("Boxset", Some(("Harry Potter", Some(1.0)))),
            ),
            (
                "The Color of Magic (Discworld, #1; Rincewind #1)",
                ("The Color of Magic", Some(("Discworld", Some(1.0)))),
            ),
            (
                "The Silmarillion (Middle-Earth Universe)",
                ("The Silmarillion (Middle-Earth Universe)", None),
            ),
            ("(Series, #1)", ("(Series, #1)", None)),
            ("1984", ("1984", None)),
        ] {
            let (found, series) = split_series(title);
            let series = series
                .as_ref()
                .map(|(name, position)| (name.as_str(), *position));
            assert_eq!((found, series), expected);
        }
    }

    #[test]
    fn every_bad_row_says_where_and_why() {
        let huge = "x".repeat(1 << 20);
        let mut file = b"id,title,language,isbn,price_xof,price_gbp,free\n".to_vec();
        let lines: Vec<(Vec<u8>, Option<&str>)> = vec![
            (
                b"1,Robert'); DROP TABLE books;--,fr,,500,,\n".to_vec(),
                None,
            ),
            (
                b"2,<script>alert(1)</script>,en,080442957X,,,true\n".to_vec(),
                None,
            ),
            (b"3,,fr,,,,\n".to_vec(), Some("title")),
            (
                b"4,Un titre,klingon language,,,,\n".to_vec(),
                Some("language"),
            ),
            (b"5,Un titre,fr,080442957Y,,,\n".to_vec(), Some("isbn")),
            (b"6,Un titre,fr,,-5,,\n".to_vec(), Some("price_xof")),
            (b"7,Un titre,fr,,,3,\n".to_vec(), Some("price_gbp")),
            (b"8,Un titre,fr,,,,maybe\n".to_vec(), Some("free")),
            (b"9,\"=cmd|'/c calc'!A1\",fr,,,,\n".to_vec(), Some("title")),
            (b"10,\xff\xfe,fr,,,,\n".to_vec(), Some("title")),
            (format!("11,{huge},fr,,,,\n").into_bytes(), Some("title")),
            (b"12,Un titre,fr\n".to_vec(), Some("")),
            (b"13,Un titre,fr,,,,,,\n".to_vec(), Some("")),
            (b"14,a\x00b,fr,,,,\n".to_vec(), Some("title")),
            (b"15,Un titre,fr,,5,,true\n".to_vec(), Some("price_xof")),
        ];
        for (line, _) in &lines {
            file.extend(line);
        }
        let rows = rows(&file);
        assert_eq!(rows.len(), lines.len());
        for (index, (row, (_, expected))) in rows.iter().zip(&lines).enumerate() {
            assert_eq!(row.line, index as u64 + 2);
            let found = row
                .record
                .as_ref()
                .err()
                .map(|rejection| rejection.field.as_deref().unwrap_or_default());
            assert_eq!(found, *expected, "line {}: {:?}", row.line, row.record);
        }
    }

    #[test]
    fn another_header_is_refused() {
        for header in ["", "a,b,c\n", "id,title\n", "id,title,language,title\n"] {
            let outcome = read(header.as_bytes(), &mut |_| true);
            assert!(matches!(outcome, Err(ImportError::Header(_))), "{header}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
            let mut file = b"id,title,language,isbn,published\n".to_vec();
            file.extend(bytes);
            let _ = read(file.as_slice(), &mut |_| true);
        }
    }
}
