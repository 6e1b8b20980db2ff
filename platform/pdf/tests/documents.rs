//! What a reader of PDF finds in the documents.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

use coko_pdf::{About, Align, CHARACTERS, Column, Document, Error, Table};
use lopdf::{Dictionary, Object};
use time::OffsetDateTime;

fn about(language: &str) -> About {
    About {
        title: "Relevé n° 7".to_owned(),
        author: "Coko".to_owned(),
        language: language.to_owned(),
        created: OffsetDateTime::UNIX_EPOCH,
        id: "7".to_owned(),
    }
}

fn read(document: Document) -> lopdf::Document {
    lopdf::Document::load_mem(&document.finish().unwrap()).unwrap()
}

/// The text of the document's pages, one string for each.
fn texts(pdf: &lopdf::Document) -> Vec<String> {
    let pages = pdf.get_pages();
    pages
        .keys()
        .map(|page| pdf.extract_text(&[*page]).unwrap())
        // Lines end where the layout likes.
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// Every dictionary in the file.
fn dictionaries(pdf: &lopdf::Document) -> impl Iterator<Item = &Dictionary> {
    pdf.objects.values().filter_map(|object| match object {
        Object::Dictionary(dictionary) => Some(dictionary),
        _ => None,
    })
}

fn names(pdf: &lopdf::Document, key: &[u8]) -> Vec<String> {
    dictionaries(pdf)
        .filter_map(|dictionary| dictionary.get(key).ok()?.as_name().ok())
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

#[test]
fn text_comes_back_as_it_was_written() {
    let mut document = Document::new(about("fr"));
    document.heading(1, "Œuvres choisies");
    document.paragraph("L'été, à Ségou : « où êtes-vous ? »");
    document.quote("አማርኛ");
    document.remark("Le 1er février");
    let pdf = read(document);
    let text = texts(&pdf).concat();
    for phrase in [
        "Œuvres choisies",
        "L'été, à Ségou : « où êtes-vous ? »",
        "አማርኛ",
        "Le 1er février",
        "1 / 1",
        "Relevé n° 7",
    ] {
        assert!(text.contains(phrase), "{phrase} is not in {text}");
    }
}

#[test]
fn the_same_document_is_the_same_bytes() {
    let make = || {
        let mut document = Document::new(about("fr"));
        document.paragraph("Bonjour");
        document.finish().unwrap()
    };
    assert_eq!(make(), make());
}

#[test]
fn it_says_what_it_is() {
    let mut document = Document::new(about("fr"));
    document.heading(1, "Un");
    document.heading(2, "Deux");
    document.quote("Trois");
    document.table(Table::new([Column::new("Quatre", 1)]).row(["Cinq"]));
    let pdf = read(document);
    let catalog = pdf.catalog().unwrap();
    let language = catalog.get(b"Lang").unwrap().as_str().unwrap();
    assert_eq!(language, b"fr");
    assert!(catalog.has(b"Outlines"));
    let mut tags = names(&pdf, b"S");
    tags.sort_unstable();
    for tag in ["BlockQuote", "H1", "H2", "P", "TD", "TH", "TR", "Table"] {
        assert!(
            tags.iter().any(|found| found == tag),
            "{tag} is not in {tags:?}"
        );
    }
    // A subset is named with six capitals and a plus sign (ISO 32000-1, 9.6.4).
    for font in names(&pdf, b"FontName") {
        assert_eq!(font.find('+'), Some(6), "{font} is embedded whole");
    }
    let embedded = dictionaries(&pdf)
        .filter(|dictionary| dictionary.has(b"FontFile2") || dictionary.has(b"FontFile3"))
        .count();
    assert_eq!(embedded, names(&pdf, b"FontName").len());
    assert_ne!(embedded, 0);
}

#[test]
fn a_table_goes_on_with_its_head() {
    let mut table = Table::new([
        Column::new("Désignation", 3),
        Column::new("Montant", 1).align(Align::End),
    ]);
    for number in 0..200 {
        table = table.row([format!("Livre-{number}."), "1".to_owned()]);
    }
    let mut document = Document::new(about("fr"));
    document.table(table);
    let texts = texts(&read(document));
    assert!(texts.len() > 2);
    for (number, text) in texts.iter().enumerate() {
        assert!(text.contains("Désignation"), "no head on page {number}");
        assert!(text.contains(&format!("{} / {}", number + 1, texts.len())));
    }
    let whole = texts.concat();
    for number in 0..200 {
        let found = whole.matches(&format!("Livre-{number}.")).count();
        assert_eq!(found, 1, "row {number}");
    }
}

#[test]
fn nothing_is_lost_between_pages() {
    let mut document = Document::new(about("fr"));
    let words: Vec<String> = (0..5_000).map(|number| format!("mot{number}.")).collect();
    document.paragraph(words.join(" "));
    document.table(
        Table::new([Column::new("", 1), Column::new("", 1)])
            .row([words.join(" "), "court".to_owned()]),
    );
    let texts = texts(&read(document));
    assert!(texts.len() > 10);
    let whole = texts.concat();
    for word in words {
        assert_eq!(whole.matches(&word).count(), 2, "{word}");
    }
}

#[test]
fn long_documents_and_crooked_tables_are_refused() {
    let mut long = Document::new(about("fr"));
    for _ in 0..=CHARACTERS / 20 {
        long.paragraph("");
    }
    assert!(matches!(long.finish(), Err(Error::TooLong)));

    let mut high = Document::new(about("fr"));
    high.paragraph("a\n\n".repeat(CHARACTERS / 3 - 20));
    assert!(matches!(high.finish(), Err(Error::TooLong)));

    let mut crooked = Document::new(about("fr"));
    crooked.table(Table::new([Column::new("", 1)]).row(["a", "b"]));
    assert!(matches!(
        crooked.finish(),
        Err(Error::Columns {
            expected: 1,
            found: 2
        })
    ));
    let mut empty = Document::new(about("fr"));
    empty.table(Table::new([]));
    assert!(matches!(empty.finish(), Err(Error::Columns { .. })));
}

#[test]
fn odd_documents_are_documents() {
    // Nothing at all; a word without a break; too many columns for the page.
    assert_eq!(texts(&read(Document::new(about("")))).len(), 1);
    let mut document = Document::new(about("no such language"));
    document.heading(9, "");
    document.paragraph("x".repeat(10_000));
    let columns = (0..300).map(|_| Column::new("", 0));
    document.table(Table::new(columns).row((0..300).map(|_| "un deux")));
    assert!(texts(&read(document)).len() > 1);
}

/// The longest document takes seconds, not minutes, and one word of it no longer than many: `cargo test --release -- --ignored`.
#[test]
#[ignore = "a measurement"]
fn how_long_the_longest_takes() {
    let started = std::time::Instant::now();
    let mut document = Document::new(about("fr"));
    for _ in 0..CHARACTERS / 1_000 - 1 {
        document.paragraph("Bonjour à tous ".repeat(66));
    }
    let size = document.finish().unwrap().len();
    println!("many paragraphs: {:?}, {size} bytes", started.elapsed());
    let started = std::time::Instant::now();
    let mut document = Document::new(about("fr"));
    document.paragraph("لا".repeat(CHARACTERS / 2 - 20));
    let size = document.finish().unwrap().len();
    println!("one word: {:?}, {size} bytes", started.elapsed());
}
