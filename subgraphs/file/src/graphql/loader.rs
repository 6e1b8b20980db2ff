//! Loaders that batch what lists ask for, as far as the viewer may see it.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Request;
use async_graphql::dataloader::{DataLoader, Loader};
use coko_core::Error;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use uuid::Uuid;

use crate::model::{File, Grants, is_staff, may_read};
use crate::{Files, store};

/// Adds this request's loaders.
pub(super) fn attach(request: Request, files: &Arc<Files>, context: &CommandContext) -> Request {
    let by_id = FilesById(files.clone(), context.clone());
    let by_book = FilesByBook(files.clone(), context.clone());
    request
        .data(DataLoader::new(by_id, tokio::spawn))
        .data(DataLoader::new(by_book, tokio::spawn))
}

/// Leaves those that the viewer may read.
async fn readable(
    connection: &mut Connection,
    context: &CommandContext,
    mut files: Vec<File>,
) -> Result<Vec<File>, Error> {
    let (user, staff) = (context.viewer.user_id(), is_staff(&context.viewer));
    let books: Vec<Uuid> = files.iter().filter_map(|file| file.book_id).collect();
    let grants = match user {
        Some(user) if !staff && !books.is_empty() => {
            store::grants::held(connection, user, &books).await?
        }
        _ => Grants::new(),
    };
    files.retain(|file| may_read(file, user, staff, &grants));
    Ok(files)
}

/// Files by id.
pub(super) struct FilesById(Arc<Files>, CommandContext);

impl Loader<Uuid> for FilesById {
    type Value = File;
    type Error = Error;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, File>, Error> {
        let mut connection = self.0.pool.get().await?;
        let files = store::files::by_ids(&mut connection, ids).await?;
        let files = readable(&mut connection, &self.1, files).await?;
        Ok(files.into_iter().map(|file| (file.id, file)).collect())
    }
}

/// Files by book.
pub(super) struct FilesByBook(Arc<Files>, CommandContext);

impl Loader<Uuid> for FilesByBook {
    type Value = Vec<File>;
    type Error = Error;

    async fn load(&self, books: &[Uuid]) -> Result<HashMap<Uuid, Vec<File>>, Error> {
        let mut connection = self.0.pool.get().await?;
        let files = store::files::by_books(&mut connection, books).await?;
        let mut groups: HashMap<Uuid, Vec<File>> = HashMap::new();
        for file in readable(&mut connection, &self.1, files).await? {
            if let Some(book) = file.book_id {
                groups.entry(book).or_default().push(file);
            }
        }
        Ok(groups)
    }
}
