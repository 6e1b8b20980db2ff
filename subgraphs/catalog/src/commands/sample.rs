//! The sample catalogue: African and world classics, so that a fresh platform has something to read about.

use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::database::{Connection, Pool};
use coko_core::money::{Currency, Money};
use diesel_async::AsyncConnection as _;
use serde::Deserialize;

use super::imports;
use crate::import::{CategoryKey, Record, Report};
use crate::model::{Author, Category, ContributorRole, Publisher, Slug};
use crate::store;

/// The name under which the sample's records are known.
const SOURCE: &str = "coko-sample";
const BOOKS: &str = include_str!("../../sample/books.json");

#[derive(Deserialize)]
struct Sample {
    categories: Vec<SampleCategory>,
    authors: Vec<SampleAuthor>,
    publishers: Vec<SamplePublisher>,
    books: Vec<SampleBook>,
}

#[derive(Deserialize)]
struct Bilingual {
    fr: String,
    en: String,
}

#[derive(Deserialize)]
struct SampleCategory {
    slug: Slug,
    parent: Option<Slug>,
    thema: Option<String>,
    name: Bilingual,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SampleAuthor {
    slug: Slug,
    name: String,
    sort_name: String,
    born: Option<i32>,
    died: Option<i32>,
    country: Option<String>,
    biography: Bilingual,
}

#[derive(Deserialize)]
struct SamplePublisher {
    slug: Slug,
    name: String,
    country: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SampleBook {
    slug: Slug,
    title: String,
    subtitle: Option<String>,
    language: String,
    original_title: Option<String>,
    original_language: Option<String>,
    year: i32,
    page_count: Option<i32>,
    isbn: Option<String>,
    contributors: Vec<SampleContributor>,
    categories: Vec<Slug>,
    publisher: Slug,
    series: Option<SampleSeries>,
    description: String,
    prices: SamplePrices,
    is_free: bool,
    is_featured: bool,
}

#[derive(Deserialize)]
struct SampleContributor {
    author: Slug,
    role: ContributorRole,
}

#[derive(Deserialize)]
struct SampleSeries {
    name: String,
    position: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct SamplePrices {
    xof: i64,
    eur: i64,
    usd: i64,
}

/// Loads the sample catalogue; again, it changes only what the sample itself changed since.
///
/// # Errors
/// When the database does not answer.
pub async fn seed_sample(pool: &Pool, context: &CommandContext) -> Result<Report, Error> {
    let sample: Sample = serde_json::from_str(BOOKS).map_err(Error::internal)?;
    let mut connection = pool.get().await?;
    connection
        .transaction(async |connection| {
            shelves(connection, context, &sample.categories).await?;
            people(connection, context, &sample).await?;
            let records = sample
                .books
                .iter()
                .map(|book| record(book, &sample))
                .collect::<Result<_, _>>()?;
            imports::all(connection, context, SOURCE, records).await
        })
        .await
}

/// Makes the categories that are not there; parents come before their children.
async fn shelves(
    connection: &mut Connection,
    context: &CommandContext,
    categories: &[SampleCategory],
) -> Result<(), Error> {
    let mut known = store::categories::all(connection).await?;
    for (position, sample) in (0..).zip(categories) {
        if known.iter().any(|category| category.slug == sample.slug) {
            continue;
        }
        let parent = known
            .iter()
            .find(|category| Some(&category.slug) == sample.parent.as_ref());
        let mut category = Category::new(context.id(), sample.slug.clone(), parent, context.now)
            .map_err(|refusals| malformed(&format!("{refusals:?}")))?;
        category.thema.clone_from(&sample.thema);
        category.name_fr.clone_from(&sample.name.fr);
        category.name_en.clone_from(&sample.name.en);
        category.position = position;
        store::categories::insert(connection, &category).await?;
        known.push(category);
    }
    Ok(())
}

/// Enters authors and houses with what is known of them; those that are there already stay as they are.
async fn people(
    connection: &mut Connection,
    context: &CommandContext,
    sample: &Sample,
) -> Result<(), Error> {
    let authors: Vec<Author> = sample
        .authors
        .iter()
        .map(|author| Author {
            sort_name: author.sort_name.clone(),
            biography_fr: Some(author.biography.fr.clone()),
            biography_en: Some(author.biography.en.clone()),
            born: author.born,
            died: author.died,
            country: author.country.clone(),
            // Imports find people by the slug of their names, and so does the sample's own.
            ..Author::named(
                context.id(),
                Slug::of_name(&author.name, "author"),
                &author.name,
                None,
                context.now,
            )
        })
        .collect();
    store::imports::ensure_authors(connection, &authors).await?;
    let publishers: Vec<Publisher> = sample
        .publishers
        .iter()
        .map(|publisher| Publisher {
            country: publisher.country.clone(),
            ..Publisher::named(
                context.id(),
                Slug::of_name(&publisher.name, "publisher"),
                &publisher.name,
                None,
                context.now,
            )
        })
        .collect();
    store::imports::ensure_publishers(connection, &publishers).await?;
    Ok(())
}

fn malformed(what: &str) -> Error {
    Error::internal(format!("the sample catalogue is malformed: {what}"))
}

fn record(book: &SampleBook, sample: &Sample) -> Result<Record, Error> {
    let mut record = Record::new(
        book.slug.to_string(),
        book.title.clone(),
        book.language.clone(),
    );
    record.slug = Some(book.slug.to_string());
    record.subtitle.clone_from(&book.subtitle);
    record.description = Some(book.description.clone());
    record.isbn = book
        .isbn
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(Error::internal)?;
    record.publication =
        Some(crate::model::PublicationDate::year(book.year).map_err(Error::internal)?);
    record.page_count = book.page_count;
    for contributor in &book.contributors {
        let author = sample
            .authors
            .iter()
            .find(|author| author.slug == contributor.author);
        let author =
            author.ok_or_else(|| malformed(&format!("no author {}", contributor.author)))?;
        record
            .contributors
            .push((author.name.clone(), contributor.role));
    }
    record.categories = book
        .categories
        .iter()
        .map(|slug| CategoryKey::Slug(slug.to_string()))
        .collect();
    let publisher = sample
        .publishers
        .iter()
        .find(|publisher| publisher.slug == book.publisher);
    record.publisher = publisher.map(|publisher| publisher.name.clone());
    record.series = book
        .series
        .as_ref()
        .map(|series| (series.name.clone(), series.position));
    let SamplePrices { xof, eur, usd } = book.prices;
    record.prices = vec![
        Money::new(xof, Currency::Xof),
        Money::new(eur, Currency::Eur),
        Money::new(usd, Currency::Usd),
    ];
    record.is_free = book.is_free;
    record.is_featured = book.is_featured;
    let mut metadata = serde_json::Map::new();
    for (name, value) in [
        ("originalTitle", &book.original_title),
        ("originalLanguage", &book.original_language),
    ] {
        if let Some(value) = value {
            metadata.insert(name.to_owned(), value.as_str().into());
        }
    }
    record.metadata = metadata.into();
    Ok(record)
}
