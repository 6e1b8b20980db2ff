//! One book as an OPDS publication: metadata, pictures, and where to get it.

use std::collections::HashMap;

use coko_core::Error;
use coko_core::locale::Locale;
use coko_core::money::Money;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::model::{
    Author, Book, Category, Contribution, ContributorRole, Format, Publisher, Series,
};
use crate::{Catalog, covers, store};

/// Everything around the books of one page, loaded together.
struct Surroundings {
    contributors: Vec<(Uuid, Contribution)>,
    authors: HashMap<Uuid, Author>,
    shelves: Vec<(Uuid, Uuid)>,
    categories: Vec<Category>,
    publishers: HashMap<Uuid, Publisher>,
    series: HashMap<Uuid, Series>,
    prices: Vec<(Uuid, Money)>,
}

async fn load(catalog: &Catalog, books: &[Book]) -> Result<Surroundings, Error> {
    let ids: Vec<Uuid> = books.iter().map(|book| book.id).collect();
    let houses: Vec<Uuid> = books.iter().filter_map(|book| book.publisher_id).collect();
    let cycles: Vec<Uuid> = books.iter().filter_map(|book| book.series_id).collect();
    let categories = catalog.categories().await?;
    let mut connection = catalog.pool.get().await?;
    let contributors = store::books::contributors(&mut connection, &ids).await?;
    let people: Vec<Uuid> = contributors
        .iter()
        .map(|(_, contribution)| contribution.author_id)
        .collect();
    let authors = store::authors::by_ids(&mut connection, &people).await?;
    let publishers = store::publishers::by_ids(&mut connection, &houses).await?;
    let series = store::series::by_ids(&mut connection, &cycles).await?;
    Ok(Surroundings {
        contributors,
        authors: authors
            .into_iter()
            .map(|author| (author.id, author))
            .collect(),
        shelves: store::books::categories(&mut connection, &ids).await?,
        categories,
        publishers: publishers
            .into_iter()
            .map(|publisher| (publisher.id, publisher))
            .collect(),
        series: series
            .into_iter()
            .map(|series| (series.id, series))
            .collect(),
        prices: store::books::prices(&mut connection, &ids).await?,
    })
}

/// The books as publications, in the order given.
pub(super) async fn of(
    catalog: &Catalog,
    locale: &Locale,
    books: Vec<Book>,
) -> Result<Vec<Value>, Error> {
    if books.is_empty() {
        return Ok(Vec::new());
    }
    let around = load(catalog, &books).await?;
    Ok(books
        .iter()
        .map(|book| {
            json!({
                "metadata": metadata(book, &around, locale),
                "links": links(catalog, book, &around),
                "images": images(catalog, book),
            })
        })
        .collect())
}

fn metadata(book: &Book, around: &Surroundings, locale: &Locale) -> Value {
    let kind = match book.format {
        Format::Audiobook => "http://schema.org/Audiobook",
        Format::Epub | Format::Pdf | Format::Comic => "http://schema.org/Book",
    };
    let identifier = match &book.isbn {
        Some(isbn) => format!("urn:isbn:{isbn}"),
        None => format!("urn:uuid:{}", book.id),
    };
    let mut metadata = Map::new();
    metadata.insert("@type".to_owned(), kind.into());
    metadata.insert("identifier".to_owned(), identifier.into());
    metadata.insert("title".to_owned(), book.title.as_str().into());
    metadata.insert("language".to_owned(), book.language.as_str().into());
    let modified = book
        .updated_at
        .format(&time::format_description::well_known::Rfc3339);
    let optional = [
        ("subtitle", book.subtitle.as_deref().map(Value::from)),
        ("description", book.description.as_deref().map(Value::from)),
        (
            "published",
            book.publication().map(|date| date.to_string().into()),
        ),
        ("modified", modified.ok().map(Value::from)),
        ("numberOfPages", book.page_count.map(Value::from)),
        ("publisher", publisher(book, around)),
        ("belongsTo", series(book, around)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            metadata.insert(name.to_owned(), value);
        }
    }
    for (name, role) in [
        ("author", ContributorRole::Author),
        ("translator", ContributorRole::Translator),
        ("illustrator", ContributorRole::Illustrator),
        ("editor", ContributorRole::Editor),
        ("narrator", ContributorRole::Narrator),
    ] {
        let people = people(book, around, role);
        if !people.is_empty() {
            metadata.insert(name.to_owned(), people.into());
        }
    }
    let subjects: Vec<Value> = around
        .shelves
        .iter()
        .filter(|(of, _)| *of == book.id)
        .filter_map(|(_, id)| around.categories.iter().find(|category| category.id == *id))
        .map(|category| subject(category, locale))
        .collect();
    if !subjects.is_empty() {
        metadata.insert("subject".to_owned(), subjects.into());
    }
    metadata.into()
}

fn people(book: &Book, around: &Surroundings, role: ContributorRole) -> Vec<Value> {
    around
        .contributors
        .iter()
        .filter(|(of, contribution)| *of == book.id && contribution.role == role)
        .filter_map(|(_, contribution)| around.authors.get(&contribution.author_id))
        .map(|author| json!({ "name": author.name, "sortAs": author.sort_name }))
        .collect()
}

fn publisher(book: &Book, around: &Surroundings) -> Option<Value> {
    let publisher = around.publishers.get(&book.publisher_id?)?;
    Some(json!({ "name": publisher.name }))
}

fn series(book: &Book, around: &Surroundings) -> Option<Value> {
    let series = around.series.get(&book.series_id?)?;
    let mut named = json!({ "name": series.name });
    if let Some(position) = book.series_position {
        named["position"] = position.into();
    }
    Some(json!({ "series": named }))
}

fn subject(category: &Category, locale: &Locale) -> Value {
    let name = match locale.language() {
        "en" => &category.name_en,
        _ => &category.name_fr,
    };
    match &category.thema {
        Some(code) => {
            json!({ "name": name, "code": code, "scheme": "https://ns.editeur.org/thema/" })
        }
        None => json!({ "name": name, "code": category.slug.as_str() }),
    }
}

/// Where to get the book: its page, where a reader signs in, pays or opens it.
fn links(catalog: &Catalog, book: &Book, around: &Surroundings) -> Vec<Value> {
    let page = format!("{}/books/{}", catalog.public_url, book.slug);
    let mut links = vec![json!({ "rel": "alternate", "href": page, "type": "text/html" })];
    if book.is_free {
        links.push(
            json!({ "rel": "http://opds-spec.org/acquisition", "href": page, "type": "text/html" }),
        );
    }
    let prices = around
        .prices
        .iter()
        .filter(|(of, price)| *of == book.id && !book.is_free && price.amount > 0);
    for (_, price) in prices {
        links.push(json!({
            "rel": "http://opds-spec.org/acquisition/buy",
            "href": page,
            "type": "text/html",
            "properties": { "price": { "currency": price.currency.code(), "value": major_units(*price) } },
        }));
    }
    if let Some(sample) = &book.sample_url {
        links.push(json!({ "rel": "http://opds-spec.org/acquisition/sample", "href": sample, "type": "application/epub+zip" }));
    }
    links
}

/// OPDS states prices in the currency's main unit, as a JSON number.
fn major_units(price: Money) -> Value {
    let digits = 10_i64.pow(price.currency.exponent());
    if digits == 1 {
        return price.amount.into();
    }
    #[expect(clippy::cast_precision_loss, reason = "prices stay far below 2^53")]
    let value = price.amount as f64 / digits as f64;
    value.into()
}

fn images(catalog: &Catalog, book: &Book) -> Vec<Value> {
    let kind = if book.cover.is_some() {
        "image/webp"
    } else {
        "image/svg+xml"
    };
    [160_u32, 320, 640]
        .into_iter()
        .map(|width| {
            let href = covers::address(&catalog.public_url, book, width);
            json!({ "href": href, "type": kind, "width": width, "height": width * 3 / 2 })
        })
        .collect()
}
