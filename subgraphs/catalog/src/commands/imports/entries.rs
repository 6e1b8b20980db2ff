//! What records become: people, houses and series by the slugs of their names, and the books themselves.

use std::collections::{HashMap, HashSet};

use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use uuid::Uuid;

use super::Pending;
use crate::import::Record;
use crate::model::{Author, Book, Contribution, Format, Publisher, Series, Slug, Status};
use crate::store::imports;

/// The authors of all records by the slug of their names, entered where they are new.
pub(super) async fn people(
    connection: &mut Connection,
    context: &CommandContext,
    pending: &[Pending],
) -> Result<HashMap<Slug, Uuid>, Error> {
    let mut names: HashMap<Slug, &str> = HashMap::new();
    for (name, _) in pending.iter().flat_map(|entry| &entry.record.contributors) {
        names.entry(Slug::of_name(name, "author")).or_insert(name);
    }
    let entered: Vec<Author> = names
        .into_iter()
        .map(|(slug, name)| Author::named(context.id(), slug, name, None, context.now))
        .collect();
    Ok(imports::ensure_authors(connection, &entered).await?)
}

pub(super) async fn houses(
    connection: &mut Connection,
    context: &CommandContext,
    pending: &[Pending],
) -> Result<HashMap<Slug, Uuid>, Error> {
    let mut names: HashMap<Slug, (&str, Option<Uuid>)> = HashMap::new();
    for record in pending.iter().map(|entry| &entry.record) {
        let Some(name) = record.publisher.as_deref() else {
            continue;
        };
        names
            .entry(Slug::of_name(name, "publisher"))
            .or_insert((name, record.owner));
    }
    let entered: Vec<Publisher> = names
        .into_iter()
        // Whoever brings the first book of a new house answers for the house.
        .map(|(slug, (name, owner))| Publisher::named(context.id(), slug, name, owner, context.now))
        .collect();
    Ok(imports::ensure_publishers(connection, &entered).await?)
}

pub(super) async fn all_series(
    connection: &mut Connection,
    context: &CommandContext,
    pending: &[Pending],
) -> Result<HashMap<Slug, Uuid>, Error> {
    let mut names: HashMap<Slug, &str> = HashMap::new();
    for (name, _) in pending
        .iter()
        .filter_map(|entry| entry.record.series.as_ref())
    {
        names.entry(Slug::of_name(name, "series")).or_insert(name);
    }
    let entered: Vec<Series> = names
        .into_iter()
        .map(|(slug, name)| Series::named(context.id(), slug, name, None, context.now))
        .collect();
    Ok(imports::ensure_series(connection, &entered).await?)
}

/// A slug for each record that no other book has: the title's, else with the source's id after it.
pub(super) async fn slugs(
    connection: &mut Connection,
    pending: &[Pending],
) -> Result<Vec<Slug>, Error> {
    let made: Vec<(Slug, Slug)> = pending
        .iter()
        .map(|entry| {
            let record = &entry.record;
            let chosen = record.slug.as_deref().and_then(|slug| slug.parse().ok());
            let wanted: Slug = chosen.unwrap_or_else(|| Slug::of(&record.title, "book"));
            let suffixed = wanted.with_suffix(&record.source_id);
            (wanted, suffixed)
        })
        .collect();
    let asked: Vec<&str> = made
        .iter()
        .flat_map(|(wanted, suffixed)| [wanted.as_str(), suffixed.as_str()])
        .collect();
    let mut taken: HashSet<Slug> = crate::store::books::taken_slugs(connection, &asked)
        .await?
        .into_iter()
        .collect();
    let free = made.into_iter().map(|(wanted, suffixed)| {
        // Two sources may use the same ids; counting on is rare and short.
        let mut candidates = [wanted, suffixed.clone()]
            .into_iter()
            .chain((2..).map(|count: u32| suffixed.with_suffix(&count.to_string())));
        let slug = candidates
            .find(|slug| !taken.contains(slug))
            .unwrap_or_else(|| suffixed.clone());
        taken.insert(slug.clone());
        slug
    });
    Ok(free.collect())
}

/// Who contributed, each person once per role.
pub(super) fn contributions(record: &Record, people: &HashMap<Slug, Uuid>) -> Vec<Contribution> {
    let mut contributions: Vec<Contribution> = Vec::new();
    for (name, role) in &record.contributors {
        let Some(author_id) = people.get(&Slug::of_name(name, "author")) else {
            continue;
        };
        let contribution = Contribution {
            author_id: *author_id,
            role: *role,
        };
        if !contributions.contains(&contribution) {
            contributions.push(contribution);
        }
    }
    contributions
}

pub(super) fn fill(
    book: &mut Book,
    record: &Record,
    houses: &HashMap<Slug, Uuid>,
    series: &HashMap<Slug, Uuid>,
    context: &CommandContext,
    is_new: bool,
) {
    book.title.clone_from(&record.title);
    book.subtitle.clone_from(&record.subtitle);
    book.description.clone_from(&record.description);
    book.isbn.clone_from(&record.isbn);
    book.language.clone_from(&record.language);
    book.publication_date = record.publication.map(|date| date.date);
    book.publication_precision = record.publication.map(|date| date.precision);
    book.page_count = record.page_count;
    book.format = record.format.unwrap_or(Format::Epub);
    let house = record
        .publisher
        .as_deref()
        .map(|name| Slug::of_name(name, "publisher"));
    book.publisher_id = house.and_then(|slug| houses.get(&slug).copied());
    let place = record.series.as_ref().and_then(|(name, position)| {
        let id = series.get(&Slug::of_name(name, "series"))?;
        Some((*id, *position))
    });
    book.series_id = place.map(|(id, _)| id);
    book.series_position = place.and_then(|(_, position)| position);
    book.is_free = record.is_free;
    book.is_featured = record.is_featured;
    book.metadata.clone_from(&record.metadata);
    book.updated_at = context.now;
    if is_new {
        book.status = Status::Published;
        book.published_at = Some(context.now);
    } else {
        book.version += 1;
    }
}
