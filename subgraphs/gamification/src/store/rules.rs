//! What is data of the rules: points, levels, badges.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::model::{Badge, Kind, Level, PointRule};
use crate::tables::{badges, levels, point_rules};

/// What something that was done is worth.
pub(crate) async fn points(connection: &mut Connection, kind: Kind) -> QueryResult<Vec<PointRule>> {
    point_rules::table
        .filter(point_rules::kind.eq(kind))
        .filter(diesel::dsl::not(point_rules::retired))
        .order(point_rules::code)
        .select(PointRule::as_select())
        .load(connection)
        .await
}

/// The levels, from the lowest.
pub(crate) async fn levels(connection: &mut Connection) -> QueryResult<Vec<Level>> {
    levels::table
        .order(levels::number)
        .select(Level::as_select())
        .load(connection)
        .await
}

/// Every badge in its newest version, in the order in which they are shown; the retired ones as well.
pub(crate) async fn badges(connection: &mut Connection) -> QueryResult<Vec<Badge>> {
    let mut newest: Vec<Badge> = badges::table
        .distinct_on(badges::code)
        .order((badges::code.asc(), badges::version.desc()))
        .select(Badge::as_select())
        .load(connection)
        .await?;
    newest.sort_by(|one, other| (one.position, &one.code).cmp(&(other.position, &other.code)));
    Ok(newest)
}
