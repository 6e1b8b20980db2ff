//! Organisations and their members.

use coko_core::database::Connection;
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::organization::{MAX_MEMBERS, MAX_ORGANIZATIONS};
use crate::model::{Member, MemberRole, Organization};
use crate::tables::{members, organizations};

/// The organisations with these ids, in no order.
pub(crate) async fn by_ids(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<Vec<Organization>> {
    organizations::table
        .filter(organizations::id.eq_any(ids))
        .select(Organization::as_select())
        .load(connection)
        .await
}

/// The organisation, locked until the transaction ends.
pub(crate) async fn lock(
    connection: &mut Connection,
    id: Uuid,
) -> QueryResult<Option<Organization>> {
    organizations::table
        .find(id)
        .select(Organization::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Writes a new organisation.
pub(crate) async fn insert(
    connection: &mut Connection,
    organization: &Organization,
) -> QueryResult<()> {
    diesel::insert_into(organizations::table)
        .values(organization)
        .execute(connection)
        .await
        .map(drop)
}

/// Writes a locked organisation back.
pub(crate) async fn update(
    connection: &mut Connection,
    organization: &Organization,
) -> QueryResult<()> {
    diesel::update(organizations::table.find(organization.id))
        .set(organization)
        .execute(connection)
        .await
        .map(drop)
}

/// The memberships of a person, the newest first.
pub(crate) async fn of_user(connection: &mut Connection, user: Uuid) -> QueryResult<Vec<Member>> {
    members::table
        .filter(members::user_id.eq(user))
        .order((members::added_at.desc(), members::organization_id.desc()))
        .limit(MAX_ORGANIZATIONS)
        .select(Member::as_select())
        .load(connection)
        .await
}

/// How many organisations a person belongs to.
pub(crate) async fn count_of_user(connection: &mut Connection, user: Uuid) -> QueryResult<i64> {
    members::table
        .filter(members::user_id.eq(user))
        .select(count_star())
        .first(connection)
        .await
}

/// What a person does for an organisation.
pub(crate) async fn role(
    connection: &mut Connection,
    organization: Uuid,
    user: Uuid,
) -> QueryResult<Option<MemberRole>> {
    members::table
        .find((organization, user))
        .select(members::role)
        .first(connection)
        .await
        .optional()
}

/// What a person does for each of these organisations.
pub(crate) async fn roles(
    connection: &mut Connection,
    organizations: &[Uuid],
    user: Uuid,
) -> QueryResult<Vec<(Uuid, MemberRole)>> {
    members::table
        .filter(members::user_id.eq(user))
        .filter(members::organization_id.eq_any(organizations))
        .select((members::organization_id, members::role))
        .load(connection)
        .await
}

/// The members of each of these organisations, the oldest first.
pub(crate) async fn members_of(
    connection: &mut Connection,
    organizations: &[Uuid],
) -> QueryResult<Vec<Member>> {
    let most = i64::try_from(organizations.len()).unwrap_or(1) * MAX_MEMBERS;
    members::table
        .filter(members::organization_id.eq_any(organizations))
        .order((members::added_at, members::user_id))
        .limit(most)
        .select(Member::as_select())
        .load(connection)
        .await
}

/// Makes someone a member, or gives a member another role.
pub(crate) async fn put_member(connection: &mut Connection, member: &Member) -> QueryResult<()> {
    diesel::insert_into(members::table)
        .values(member)
        .on_conflict((members::organization_id, members::user_id))
        .do_update()
        .set(members::role.eq(member.role))
        .execute(connection)
        .await
        .map(drop)
}

/// Removes a member.
pub(crate) async fn remove_member(
    connection: &mut Connection,
    organization: Uuid,
    user: Uuid,
) -> QueryResult<usize> {
    diesel::delete(members::table.find((organization, user)))
        .execute(connection)
        .await
}

/// Removes a person from every organisation; returns those that have no members any more, locked.
pub(crate) async fn forget(connection: &mut Connection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    let joined: Vec<Uuid> = members::table
        .filter(members::user_id.eq(user))
        .select(members::organization_id)
        .load(connection)
        .await?;
    // Of two who leave at once, the second sees that the first has left.
    let left: Vec<Uuid> = organizations::table
        .filter(organizations::id.eq_any(&joined))
        .order(organizations::id)
        .select(organizations::id)
        .for_update()
        .load(connection)
        .await?;
    diesel::delete(members::table.filter(members::user_id.eq(user)))
        .execute(connection)
        .await?;
    let peopled: Vec<Uuid> = members::table
        .filter(members::organization_id.eq_any(&left))
        .select(members::organization_id)
        .load(connection)
        .await?;
    Ok(left
        .into_iter()
        .filter(|organization| !peopled.contains(organization))
        .collect())
}

/// Removes those of these organisations that have no manuscript, no part in a contract and no account.
pub(crate) async fn remove_empty(
    connection: &mut Connection,
    organizations: &[Uuid],
) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM organizations o WHERE o.id = ANY($1)
            AND NOT EXISTS (SELECT FROM members WHERE organization_id = o.id)
            AND NOT EXISTS (SELECT FROM manuscripts WHERE organization_id = o.id)
            AND NOT EXISTS (SELECT FROM contract_parties WHERE payee_id = o.id)
            AND NOT EXISTS (SELECT FROM accruals WHERE payee_id = o.id)
            AND NOT EXISTS (SELECT FROM balances WHERE payee_id = o.id)
            AND NOT EXISTS (SELECT FROM payouts WHERE payee_id = o.id)",
    )
    .bind::<Array<SqlUuid>, _>(organizations)
    .execute(connection)
    .await
}
