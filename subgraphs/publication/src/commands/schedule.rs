//! The clock publishes what is scheduled when it is due. What is due is locked while it is published, and publishing is only rows: a
//! worker that dies leaves it as it was, and another one finds it.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::publication::PublicationPublished;
use coko_core::{Result, outbox};
use diesel_async::AsyncConnection as _;

use super::Publishing;
use crate::model::{Manuscript, Note, OrganizationKind, Step};
use crate::store;

/// How many manuscripts one round publishes.
pub(crate) const BATCH: i64 = 32;

/// Publishes what is due; returns how many there were.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn work(context: &CommandContext, publishing: &Publishing) -> Result<usize> {
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let due = store::manuscripts::lock_due(connection, context.now, BATCH).await?;
            let count = due.len();
            for mut manuscript in due {
                publish(connection, context, &mut manuscript).await?;
            }
            Ok(count)
        })
        .await
}

/// Publishes a manuscript that is scheduled and locked, and writes it back.
pub(super) async fn publish(
    connection: &mut Connection,
    context: &CommandContext,
    manuscript: &mut Manuscript,
) -> Result<()> {
    manuscript.take(Step::Publish, None, context.now);
    store::manuscripts::update(connection, manuscript).await?;
    let note = Note {
        id: context.id(),
        manuscript_id: manuscript.id,
        author_id: None,
        status: Some(manuscript.status),
        body: None,
        at: context.now,
    };
    store::notes::insert(connection, &note).await?;
    let event = announcement(connection, context, manuscript).await?;
    outbox::enqueue(connection, context, &event).await?;
    metrics::counter!("publication_published_total").increment(1);
    Ok(())
}

/// What other domains are told of a manuscript that is published.
async fn announcement(
    connection: &mut Connection,
    context: &CommandContext,
    manuscript: &Manuscript,
) -> Result<PublicationPublished> {
    let organization =
        store::organizations::by_ids(connection, &[manuscript.organization_id]).await?;
    let publisher = organization
        .into_iter()
        .find(|organization| organization.kind == OrganizationKind::Publisher)
        .map(|organization| organization.name);
    let version = store::versions::latest(connection, &[manuscript.id]).await?;
    let files: Vec<_> = version.iter().map(|version| version.file_id).collect();
    let text = store::files::by_ids(connection, &files).await?.pop();
    let cover = store::files::newest(connection, &[manuscript.id], "COVER").await?;
    let sample = store::files::newest(connection, &[manuscript.id], "SAMPLE").await?;
    Ok(PublicationPublished {
        publication_id: manuscript.id,
        book_id: Some(manuscript.book_id),
        revision: manuscript.revision,
        owner_user_id: manuscript.created_by,
        title: manuscript.title.clone(),
        subtitle: manuscript.subtitle.clone(),
        description: manuscript.description.clone().unwrap_or_default(),
        language: manuscript.language.clone(),
        isbn: manuscript.isbn.clone(),
        authors: manuscript.authors.0.clone(),
        publisher,
        categories: manuscript.categories.0.clone(),
        prices: manuscript.prices.0.clone(),
        file_id: text.as_ref().map(|file| file.file_id),
        format: text.as_ref().map(|file| file.kind.clone()),
        page_count: text.and_then(|file| file.page_count),
        cover: cover
            .into_iter()
            .next()
            .map(|file| file.images.0)
            .unwrap_or_default(),
        sample_url: sample.into_iter().next().and_then(|file| file.public_url),
        published_at: context.now,
    })
}
