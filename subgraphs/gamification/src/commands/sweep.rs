//! What comes with time: the platform's own challenges of this week and month, and of the next.

use coko_core::Result;
use coko_core::context::CommandContext;
use diesel_async::AsyncConnection as _;

use super::Game;
use crate::store;

/// Makes the platform's challenges that are due and not there yet.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn challenges(context: &CommandContext, game: &Game) -> Result<()> {
    let mut connection = game.pool.get().await?;
    connection
        .transaction(async |connection| {
            for template in store::challenges::templates(connection).await? {
                for challenge in template.challenges(context.now, || context.id()) {
                    store::challenges::insert(connection, &challenge).await?;
                }
            }
            Ok(())
        })
        .await
}

/// Runs `work` as long as it finds something to do.
///
/// # Errors
/// As `work`.
pub(crate) async fn drain<F: Future<Output = Result<usize>>>(work: impl Fn() -> F) -> Result<()> {
    while work().await? > 0 {}
    Ok(())
}
