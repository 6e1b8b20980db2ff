//! Rebuilding an index from the database, book by book, while it goes on answering.

use coko_core::Error;
use coko_core::database::Pool;
use uuid::Uuid;

use super::Search;
use crate::store::documents;

/// Books per round.
const BATCH: i32 = 500;

/// Writes the document of every book anew, withdrawn and deleted ones included (they lose theirs); tells `progress` how many
/// documents there are so far and how many there will be.
///
/// # Errors
/// When the database or the engine does not answer; running it again is safe.
pub async fn reindex(
    pool: &Pool,
    search: &dyn Search,
    progress: impl Fn(u64, u64) + Send,
) -> Result<u64, Error> {
    search.prepare().await?;
    let mut after = Uuid::nil();
    let mut done = 0;
    let total = {
        let mut connection = pool.get().await?;
        documents::count(&mut connection).await?
    };
    progress(done, total);
    loop {
        let ids = {
            let mut connection = pool.get().await?;
            documents::next_ids(&mut connection, after, BATCH).await?
        };
        let Some(last) = ids.last() else {
            return Ok(done);
        };
        search.index(&ids).await?;
        after = *last;
        let mut connection = pool.get().await?;
        done += documents::on_shelf(&mut connection, &ids).await?;
        progress(done, total.max(done));
    }
}
