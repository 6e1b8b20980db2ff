//! Root queries.

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, MergedObject, Object};
use coko_core::Result;
use coko_core::graphql::{PageArgs, RequestExt as _, connection};

use super::entity::EntityQuery;
use super::loader::FilesById;
use super::types::FileType;
use super::{files, key};
use crate::model::{Kind, Status};
use crate::store;

/// Root queries of file.
#[derive(MergedObject, Default)]
pub(crate) struct Query(EntityQuery, FileQuery);

type FileConnection = Connection<String, FileType, EmptyFields, EmptyFields>;

#[derive(Default)]
struct FileQuery;

#[Object]
impl FileQuery {
    /// One file; null unless it is the viewer's to see: their own, public, or of a book that they are entitled to.
    async fn file(&self, context: &Context<'_>, id: ID) -> Result<Option<FileType>> {
        let file = context
            .data_unchecked::<DataLoader<FilesById>>()
            .load_one(key(&id))
            .await?;
        Ok(file.map(FileType::from))
    }

    /// What the viewer uploaded, the newest first.
    #[expect(
        clippy::too_many_arguments,
        reason = "the four Relay arguments are one in spirit"
    )]
    async fn my_files(
        &self,
        context: &Context<'_>,
        kind: Option<Kind>,
        status: Option<Status>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<FileConnection> {
        let user = context.viewer().require_user()?;
        let page = PageArgs::new(first, after, last, before).page(store::files::LIST)?;
        let mut database = files(context).pool.get().await?;
        let slice = store::files::list(&mut database, &page, user, kind, status).await?;
        Ok(connection(
            store::files::LIST,
            slice,
            |(_, key)| *key,
            |(file, _)| file.into(),
        ))
    }
}
