//! Partners, their clients and the tokens minted for them.

use coko_core::database::Connection;
use coko_core::paging::{Direction, Page};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{Partner, PartnerClient, PartnerToken};
use crate::tables::{partner_clients, partner_tokens, partners};

/// Records a partner; returns whether its name was free.
pub(crate) async fn insert(connection: &mut Connection, partner: &Partner) -> QueryResult<bool> {
    diesel::insert_into(partners::table)
        .values(partner)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(|rows| rows == 1)
}

/// Records a client; returns whether its name was free.
pub(crate) async fn insert_client(
    connection: &mut Connection,
    client: &PartnerClient,
) -> QueryResult<bool> {
    diesel::insert_into(partner_clients::table)
        .values(client)
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(|rows| rows == 1)
}

/// Records a token.
pub(crate) async fn insert_token(
    connection: &mut Connection,
    token: &PartnerToken,
) -> QueryResult<()> {
    diesel::insert_into(partner_tokens::table)
        .values(token)
        .execute(connection)
        .await
        .map(drop)
}

/// The partner with this name.
pub(crate) async fn by_slug(
    connection: &mut Connection,
    slug: &str,
) -> QueryResult<Option<Partner>> {
    partners::table
        .find(slug)
        .select(Partner::as_select())
        .first(connection)
        .await
        .optional()
}

/// The client with this name, locked until the transaction ends.
pub(crate) async fn lock_client(
    connection: &mut Connection,
    slug: &str,
) -> QueryResult<Option<PartnerClient>> {
    partner_clients::table
        .find(slug)
        .select(PartnerClient::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Shuts a client out; none when it is unknown or shut out already.
pub(crate) async fn disable_client(
    connection: &mut Connection,
    slug: &str,
    now: OffsetDateTime,
) -> QueryResult<Option<PartnerClient>> {
    diesel::update(partner_clients::table.find(slug))
        .filter(partner_clients::disabled_at.is_null())
        .set(partner_clients::disabled_at.eq(now))
        .returning(PartnerClient::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// The clients of these partners.
pub(crate) async fn clients_of(
    connection: &mut Connection,
    of: &[String],
) -> QueryResult<Vec<PartnerClient>> {
    partner_clients::table
        .filter(partner_clients::partner.eq_any(of))
        .order((partner_clients::partner, partner_clients::slug))
        .select(PartnerClient::as_select())
        .load(connection)
        .await
}

/// The tokens of these clients that still work, newest first.
pub(crate) async fn tokens_of(
    connection: &mut Connection,
    of: &[String],
    now: OffsetDateTime,
) -> QueryResult<Vec<PartnerToken>> {
    partner_tokens::table
        .filter(partner_tokens::client.eq_any(of))
        .filter(partner_tokens::revoked_at.is_null())
        .filter(partner_tokens::expires_at.gt(now))
        .order((partner_tokens::created_at.desc(), partner_tokens::id.desc()))
        .select(PartnerToken::as_select())
        .load(connection)
        .await
}

/// Ends a token that still works.
pub(crate) async fn revoke_token(
    connection: &mut Connection,
    id: Uuid,
    now: OffsetDateTime,
) -> QueryResult<Option<PartnerToken>> {
    diesel::update(partner_tokens::table.find(id))
        .filter(partner_tokens::revoked_at.is_null())
        .filter(partner_tokens::expires_at.gt(now))
        .set(partner_tokens::revoked_at.eq(now))
        .returning(PartnerToken::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// One page of the partners, by name.
pub(crate) async fn page(
    connection: &mut Connection,
    page: &Page<String>,
) -> QueryResult<Vec<Partner>> {
    let mut query = partners::table
        .select(Partner::as_select())
        .limit(page.limit())
        .into_boxed();
    if let Some(slug) = &page.from {
        query = match page.direction {
            Direction::Forward => query.filter(partners::slug.gt(slug)),
            Direction::Backward => query.filter(partners::slug.lt(slug)),
        };
    }
    match page.direction {
        Direction::Forward => query.order(partners::slug.asc()),
        Direction::Backward => query.order(partners::slug.desc()),
    }
    .load(connection)
    .await
}
