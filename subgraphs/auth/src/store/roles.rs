//! Roles: who has which, and what each may do.

use std::collections::HashMap;

use coko_core::database::Connection;
use diesel::dsl::not;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{RoleRight, RoleRow, Status};
use crate::tables::{role_rights, roles, user_roles, users};

/// The roles of each of these accounts, in alphabetical order.
pub(crate) async fn of(
    connection: &mut Connection,
    ids: &[Uuid],
) -> QueryResult<HashMap<Uuid, Vec<String>>> {
    let rows: Vec<(Uuid, String)> = user_roles::table
        .filter(user_roles::user_id.eq_any(ids))
        .order((user_roles::user_id, user_roles::role))
        .select((user_roles::user_id, user_roles::role))
        .load(connection)
        .await?;
    let mut roles: HashMap<Uuid, Vec<String>> = HashMap::new();
    for (id, role) in rows {
        roles.entry(id).or_default().push(role);
    }
    Ok(roles)
}

/// Grants a role; returns whether the account did not have it.
pub(crate) async fn grant(
    connection: &mut Connection,
    id: Uuid,
    role: &str,
    by: Option<Uuid>,
    now: OffsetDateTime,
) -> QueryResult<bool> {
    diesel::insert_into(user_roles::table)
        .values((
            user_roles::user_id.eq(id),
            user_roles::role.eq(role),
            user_roles::granted_at.eq(now),
            user_roles::granted_by.eq(by),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(|rows| rows == 1)
}

/// Takes a role away; returns whether the account had it.
pub(crate) async fn ungrant(
    connection: &mut Connection,
    id: Uuid,
    role: &str,
) -> QueryResult<bool> {
    diesel::delete(user_roles::table.find((id, role)))
        .execute(connection)
        .await
        .map(|rows| rows == 1)
}

/// Locks the holders of a role and tells whether anyone but `id` holds it and can sign in.
pub(crate) async fn someone_else_has(
    connection: &mut Connection,
    role: &str,
    id: Uuid,
) -> QueryResult<bool> {
    let others: Vec<Uuid> = user_roles::table
        .inner_join(users::table)
        .filter(user_roles::role.eq(role))
        .filter(not(user_roles::user_id.eq(id)))
        .filter(users::status.eq(Status::Active.as_str()))
        .select(user_roles::user_id)
        .for_update()
        .load(connection)
        .await?;
    Ok(!others.is_empty())
}

/// All roles, in alphabetical order.
pub(crate) async fn all(connection: &mut Connection) -> QueryResult<Vec<RoleRow>> {
    roles::table
        .order(roles::name)
        .select(RoleRow::as_select())
        .load(connection)
        .await
}

/// All rights of all roles, or of those named.
pub(crate) async fn rights(
    connection: &mut Connection,
    of: Option<&[String]>,
) -> QueryResult<Vec<RoleRight>> {
    let mut query = role_rights::table
        .order((
            role_rights::role,
            role_rights::resource,
            role_rights::action,
        ))
        .select(RoleRight::as_select())
        .into_boxed();
    if let Some(of) = of {
        query = query.filter(role_rights::role.eq_any(of));
    }
    query.load(connection).await
}
