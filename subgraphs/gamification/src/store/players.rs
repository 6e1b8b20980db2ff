//! Players: the lock that orders everything written of one, what auth says of them, and their end.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{Player, Visibility};
use crate::tables::{
    achievements, challenges, facts, follows, ledger, participants, players, reading_times, scores,
};

/// What auth says of somebody.
#[derive(Clone, Debug)]
pub(crate) struct Profile<'a> {
    pub(crate) country: Option<&'a str>,
    pub(crate) time_zone: &'a str,
    /// None leaves it as it is.
    pub(crate) privacy: Option<Visibility>,
    /// When it was said; what is older than what is known is dropped.
    pub(crate) at: OffsetDateTime,
}

/// The player, locked until the transaction ends; made at the first call.
pub(crate) async fn lock(connection: &mut Connection, user: Uuid) -> QueryResult<Player> {
    diesel::insert_into(players::table)
        .values(players::user_id.eq(user))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    players::table
        .find(user)
        .select(Player::as_select())
        .for_update()
        .first(connection)
        .await
}

/// These players, as far as anything was ever written of them, in no order.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    users: &[Uuid],
) -> QueryResult<Vec<Player>> {
    players::table
        .filter(players::user_id.eq_any(users))
        .select(Player::as_select())
        .load(connection)
        .await
}

/// Writes a locked player back.
pub(crate) async fn update(connection: &mut Connection, player: &Player) -> QueryResult<()> {
    diesel::update(players::table.find(player.user_id))
        .set(player)
        .execute(connection)
        .await
        .map(drop)
}

/// Keeps what auth says of a locked player, unless something newer is known; whether it was kept.
pub(crate) async fn set_profile(
    connection: &mut Connection,
    user: Uuid,
    profile: &Profile<'_>,
) -> QueryResult<bool> {
    let changed = diesel::update(players::table.find(user))
        .filter(players::profile_at.lt(profile.at))
        .filter(players::deleted_at.is_null())
        .set((
            players::country.eq(profile.country),
            players::time_zone.eq(profile.time_zone),
            profile.privacy.map(|privacy| players::privacy.eq(privacy)),
            players::profile_at.eq(profile.at),
        ))
        .execute(connection)
        .await?;
    Ok(changed > 0)
}

/// Erases everything of a locked player's, and remembers that the account is gone.
pub(crate) async fn forget(
    connection: &mut Connection,
    user: Uuid,
    at: OffsetDateTime,
) -> QueryResult<()> {
    let gone = Player {
        deleted_at: Some(at),
        ..Player::new(user)
    };
    update(connection, &gone).await?;
    diesel::delete(facts::table.filter(facts::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(reading_times::table.filter(reading_times::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(ledger::table.filter(ledger::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(scores::table.filter(scores::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(achievements::table.filter(achievements::user_id.eq(user)))
        .execute(connection)
        .await?;
    diesel::delete(
        follows::table.filter(follows::user_id.eq(user).or(follows::follower_id.eq(user))),
    )
    .execute(connection)
    .await?;
    let joined: Vec<Uuid> =
        diesel::delete(participants::table.filter(participants::user_id.eq(user)))
            .returning(participants::challenge_id)
            .get_results(connection)
            .await?;
    diesel::update(challenges::table.filter(challenges::id.eq_any(joined)))
        .set(challenges::participants.eq(challenges::participants - 1))
        .execute(connection)
        .await?;
    // Others may have taken part in what they made: it stays, without its maker and the maker's words.
    diesel::update(challenges::table.filter(challenges::creator_id.eq(user)))
        .set((
            challenges::creator_id.eq(Uuid::nil()),
            challenges::title_fr.eq("…"),
            challenges::title_en.eq("…"),
            challenges::description_fr.eq(""),
            challenges::description_en.eq(""),
        ))
        .execute(connection)
        .await?;
    diesel::update(challenges::table.filter(challenges::creator_id.eq(Uuid::nil())))
        .filter(challenges::cancelled_at.is_null())
        .filter(challenges::ends_at.gt(at))
        .set(challenges::cancelled_at.eq(at))
        .execute(connection)
        .await
        .map(drop)
}
