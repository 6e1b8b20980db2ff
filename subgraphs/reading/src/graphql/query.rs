//! Root queries.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, MergedObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{PageArgs, RequestExt as _, connection, settle};
use coko_core::paging::Slice;

use super::entity::EntityQuery;
use super::loader::Annotations;
use super::types::{
    AnnotationType, ExportType, LibraryItemType, LicenseType, ProgressType, SyncChange,
};
use super::{key, reading};
use crate::commands::{exports, reader};
use crate::error::ExportNotesError;
use crate::export::Format;
use crate::store;

/// The name of the list of changes in cursors.
const CHANGES: &str = "changes";

/// Root queries of reading.
#[derive(Default, MergedObject)]
pub(crate) struct Query(ReadingQuery, EntityQuery);

/// What `exportNotes` made.
#[derive(SimpleObject)]
struct ExportNotesPayload {
    /// The link; null when refused.
    export: Option<ExportType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<ExportNotesError>,
}

#[derive(Default)]
struct ReadingQuery;

#[Object]
impl ReadingQuery {
    /// One of the viewer's annotations, or one that somebody shares.
    async fn annotation(&self, context: &Context<'_>, id: ID) -> Result<Option<AnnotationType>> {
        let loader = context.data_unchecked::<DataLoader<Annotations>>();
        Ok(loader.load_one(key(&id)).await?.map(AnnotationType))
    }

    /// What any of the viewer's devices wrote after the cursor `since`, as it is now, in the order in which it was written:
    /// annotations, places, books of the library; what is gone says so. Everything, when there is no cursor. Ask again with the
    /// last cursor as long as there is a next page, and later on: a cursor skips nothing.
    async fn changes(
        &self,
        context: &Context<'_>,
        since: Option<String>,
        first: Option<i32>,
    ) -> Result<Connection<String, SyncChange, EmptyFields, EmptyFields>> {
        let user = reader(context.viewer(), "read")?;
        let page = PageArgs::new(first, since, None, None).page::<i64>(CHANGES)?;
        let (after, limit) = (page.from.unwrap_or(0), page.limit());
        let mut database = reading(context).pool.get().await?;
        let mut changes: Vec<(i64, SyncChange)> = Vec::new();
        let annotations = store::annotations::since(&mut database, user, after, limit).await?;
        changes.extend(annotations.into_iter().map(|annotation| {
            (
                annotation.sequence,
                SyncChange::Annotation(AnnotationType(annotation)),
            )
        }));
        let places = store::progress::since(&mut database, user, after, limit).await?;
        changes.extend(
            places
                .into_iter()
                .map(|place| (place.sequence, SyncChange::Progress(ProgressType(place)))),
        );
        let items = store::items::since(&mut database, user, after, limit).await?;
        changes.extend(items.into_iter().map(|item| {
            (
                item.sequence,
                SyncChange::LibraryItem(LibraryItemType(item)),
            )
        }));
        changes.sort_by_key(|(sequence, _)| *sequence);
        let slice = Slice::new(&page, changes);
        Ok(connection(
            CHANGES,
            slice,
            |(sequence, _)| *sequence,
            |(_, change)| change,
        ))
    }

    /// The viewer's licences to read offline that run, the newest first.
    async fn offline_licenses(&self, context: &Context<'_>) -> Result<Vec<LicenseType>> {
        let user = reader(context.viewer(), "read")?;
        let mut connection = reading(context).pool.get().await?;
        let now = context.command().now;
        let licenses = store::licenses::running(&mut connection, user, now).await?;
        Ok(licenses.into_iter().map(LicenseType).collect())
    }

    /// A link to the viewer's notes on a book as a file. Long passages of books that are not free are cut.
    async fn export_notes(
        &self,
        context: &Context<'_>,
        book_id: ID,
        format: Format,
    ) -> Result<ExportNotesPayload> {
        let book = key(&book_id);
        let outcome = exports::link(context.command(), reading(context), book, format).await;
        let (link, errors) = settle(context, outcome, ExportNotesError::new)?;
        Ok(ExportNotesPayload {
            export: link.map(ExportType),
            errors,
        })
    }
}
