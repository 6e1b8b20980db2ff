//! What other domains tell of a book: published works, reviews, files, downloads. Each runs in its consumer's transaction.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::community::ReviewState;
use coko_core::events::file::{FileProcessed, ImageVariant};
use coko_core::events::publication::{PublicationPublished, PublicationWithdrawn};
use diesel::QueryResult;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::imports::{self, ApplyError};
use super::{announce_updated, books};
use crate::import::Record;
use crate::store;
use crate::store::reviews::{self, ReviewFact};

/// The source of records that publication released.
const PUBLICATION: &str = "publication";

/// Takes a review as it is now into the book's rating.
pub(crate) async fn review_stands(
    connection: &mut Connection,
    review: &ReviewState,
) -> QueryResult<()> {
    let fact = ReviewFact {
        review_id: review.review_id,
        book_id: review.book_id,
        half_stars: review.half_stars.map(i16::from),
        has_text: review.has_text,
        removed: false,
        at: review.at,
    };
    reviews::record(connection, &fact).await?;
    reviews::sum(connection, review.book_id).await
}

/// Takes a review out of the book's rating for good.
pub(crate) async fn review_gone(
    connection: &mut Connection,
    review_id: Uuid,
    book_id: Uuid,
    at: OffsetDateTime,
) -> QueryResult<()> {
    let fact = ReviewFact {
        review_id,
        book_id,
        half_stars: None,
        has_text: false,
        removed: true,
        at,
    };
    reviews::record(connection, &fact).await?;
    reviews::sum(connection, book_id).await
}

/// Counts a download.
pub(crate) async fn downloaded(connection: &mut Connection, book: Uuid) -> QueryResult<()> {
    metrics::counter!("book_downloads_total").increment(1);
    reviews::add_downloads(connection, book, 1).await
}

/// Forgets someone who left: houses have them no more. What they made keeps an id that names nobody.
pub(crate) async fn forget(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    store::publishers::forget(connection, user).await
}

/// Takes over what the file service made of a book's file, cover or sample.
pub(crate) async fn file_processed(
    connection: &mut Connection,
    context: &CommandContext,
    file: &FileProcessed,
) -> QueryResult<()> {
    let Some(book) = file.book_id else {
        return Ok(());
    };
    if let Some(uploader) = file.uploaded_by
        && !may_change(connection, uploader, book).await?
    {
        tracing::warn!(file = %file.file_id, %book, %uploader, "a file for somebody else's book is ignored");
        return Ok(());
    }
    let changed = match file.kind.as_str() {
        "COVER" if !file.images.is_empty() => {
            store::books::set_cover(connection, book, &widths(&file.images)).await?
        }
        "SAMPLE" => match &file.public_url {
            Some(url) => store::books::set_sample(connection, book, url).await?,
            None => 0,
        },
        _ => match file
            .page_count
            .filter(|pages| (1..=100_000).contains(pages))
        {
            Some(pages) => store::books::set_page_count(connection, book, pages).await?,
            None => 0,
        },
    };
    if changed > 0 {
        announce_updated(connection, context, &[book]).await?;
    }
    Ok(())
}

/// Whether a book is one that `user` may edit: of a house of theirs, or without a house and entered by them.
async fn may_change(connection: &mut Connection, user: Uuid, book: Uuid) -> QueryResult<bool> {
    let Some(book) = store::books::by_ids(connection, &[book]).await?.pop() else {
        return Ok(false);
    };
    match book.publisher_id {
        Some(house) => {
            let houses = store::publishers::of_user(connection, user).await?;
            Ok(houses.contains(&house))
        }
        None => Ok(book.created_by == Some(user)),
    }
}

/// Makes a book of a published work, or brings the one that was made of it up to date and back onto the shelf. What is older
/// than what was heard of it changes nothing.
///
/// # Errors
/// Why the work cannot be a book, which no retry will change.
pub(crate) async fn publication_published(
    connection: &mut Connection,
    context: &CommandContext,
    work: &PublicationPublished,
) -> Result<(), ApplyError> {
    if !store::publications::advance(connection, work.publication_id, work.revision).await? {
        return Ok(());
    }
    let record = Record::from_publication(work);
    imports::one(connection, context, PUBLICATION, record).await?;
    let Some(book) = book_of(connection, work.publication_id).await? else {
        return Ok(());
    };
    books::put_back(connection, context, book).await?;
    let mut changed = 0;
    if !work.cover.is_empty() {
        changed += store::books::set_cover(connection, book, &widths(&work.cover)).await?;
    }
    if let Some(url) = &work.sample_url {
        changed += store::books::set_sample(connection, book, url).await?;
    }
    if changed > 0 {
        announce_updated(connection, context, &[book]).await?;
    }
    Ok(())
}

/// Takes the book that was made of a work off the shelf.
pub(crate) async fn publication_withdrawn(
    connection: &mut Connection,
    context: &CommandContext,
    work: &PublicationWithdrawn,
) -> QueryResult<()> {
    if !store::publications::advance(connection, work.publication_id, work.revision).await? {
        return Ok(());
    }
    match book_of(connection, work.publication_id).await? {
        Some(book) => books::take_off(connection, context, book).await,
        None => Ok(()),
    }
}

/// The book that was made of a work.
async fn book_of(connection: &mut Connection, publication: Uuid) -> QueryResult<Option<Uuid>> {
    let id = publication.to_string();
    let known = store::imports::known(connection, PUBLICATION, &[id.as_str()]).await?;
    Ok(known.into_values().next().map(|known| known.book_id))
}

/// The sizes of a cover as a book keeps them.
fn widths(images: &[ImageVariant]) -> Value {
    let widths: Map<String, Value> = images
        .iter()
        .map(|image| (image.width.to_string(), Value::from(image.url.as_str())))
        .collect();
    Value::Object(widths)
}
