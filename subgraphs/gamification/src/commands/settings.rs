//! What a player decides about being seen.

use coko_core::Result;
use coko_core::context::CommandContext;
use diesel_async::AsyncConnection as _;

use super::{Game, boards, gone};
use crate::model::Player;
use crate::store;

/// Hides the viewer from all others, or shows them again; nothing that was reached is lost.
///
/// # Errors
/// When nobody is signed in, or the token does not permit it.
pub(crate) async fn opt_out(
    context: &CommandContext,
    game: &Game,
    opted_out: bool,
) -> Result<Player> {
    let user = context.viewer.require_user()?;
    context.viewer.require("profile", "update")?;
    let mut connection = game.pool.get().await?;
    let player = connection
        .transaction(async |connection| {
            let mut player = store::players::lock(connection, user).await?;
            if player.is_gone() {
                return Err(gone());
            }
            player.opted_out = opted_out;
            store::players::update(connection, &player).await?;
            store::boards::show(connection, &player).await?;
            if game.mirror.is_some() {
                store::boards::note(connection, user, player.country.as_deref()).await?;
            }
            Ok::<_, coko_core::Error>(player)
        })
        .await?;
    drop(connection);
    // A board that is read before this was carried over leaves out who is hidden all the same.
    if let Err(error) = boards::carry(context, game).await {
        tracing::warn!(%error, "the boards are carried over later");
    }
    Ok(player)
}
