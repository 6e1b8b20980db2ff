//! Organisations and who acts for them.

use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome};
use diesel::result::Error as Diesel;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Publishing, author, members_organization};
use crate::error::{OrganizationErrorCode, OrganizationMemberErrorCode};
use crate::model::organization::{MAX_MEMBERS, MAX_ORGANIZATIONS, checked};
use crate::model::{Member, MemberRole, Organization, OrganizationKind};
use crate::store;

/// The index over names.
const NAMES: &str = "organizations_by_name";

/// Makes an organisation, whose owner the viewer is.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` without `books:publish`.
pub(crate) async fn create(
    context: &CommandContext,
    publishing: &Publishing,
    kind: OrganizationKind,
    name: &str,
    country: Option<String>,
) -> Outcome<Organization, OrganizationErrorCode> {
    let user = author(context)?;
    let (name, country) = checked(name, country)?;
    let organization = Organization {
        id: context.id(),
        kind,
        name,
        country,
        version: 1,
        created_at: context.now,
        updated_at: context.now,
    };
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            if store::organizations::count_of_user(connection, user).await? >= MAX_ORGANIZATIONS {
                return Err(Failure::whole(OrganizationErrorCode::TooMany));
            }
            store::organizations::insert(connection, &organization)
                .await
                .map_err(name_taken)?;
            let owner = Member {
                organization_id: organization.id,
                user_id: user,
                role: MemberRole::Owner,
                added_at: context.now,
            };
            store::organizations::put_member(connection, &owner).await?;
            Ok::<_, Failure<OrganizationErrorCode>>(())
        })
        .await?;
    metrics::counter!("publication_organizations_total", "kind" => kind.as_str()).increment(1);
    Ok(organization)
}

/// Renames an organisation or moves it to another country.
///
/// # Errors
/// As [`create`]; `FORBIDDEN` for members who do not own it.
pub(crate) async fn update(
    context: &CommandContext,
    publishing: &Publishing,
    (id, version): (Uuid, i64),
    name: &str,
    country: Option<String>,
) -> Outcome<Organization, OrganizationErrorCode> {
    use OrganizationErrorCode as Code;
    let user = author(context)?;
    let (name, country) = checked(name, country)?;
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let found = store::organizations::lock(connection, id).await?;
            let mut organization =
                found.ok_or_else(|| Failure::field(Code::NotFound, "organizationId"))?;
            members_organization(connection, (id, user), Code::NotFound, MemberRole::manages)
                .await?;
            if organization.version != version {
                return Err(Failure::field(Code::VersionConflict, "version"));
            }
            organization.name = name;
            organization.country = country;
            organization.version += 1;
            organization.updated_at = context.now;
            store::organizations::update(connection, &organization)
                .await
                .map_err(name_taken)?;
            Ok(organization)
        })
        .await
}

/// Makes somebody a member, gives a member another role, or with no role removes them.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` for members who do not own the organisation.
pub(crate) async fn set_member(
    context: &CommandContext,
    publishing: &Publishing,
    id: Uuid,
    member: Uuid,
    role: Option<MemberRole>,
) -> Outcome<Uuid, OrganizationMemberErrorCode> {
    use OrganizationMemberErrorCode as Code;
    let user = author(context)?;
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            // Who is the last owner is decided one after the other.
            if store::organizations::lock(connection, id).await?.is_none() {
                return Err(Failure::field(Code::NotFound, "organizationId"));
            }
            // Anyone may leave.
            let may: fn(MemberRole) -> bool = if role.is_none() && member == user {
                |_| true
            } else {
                MemberRole::manages
            };
            members_organization(connection, (id, user), Code::NotFound, may).await?;
            let members = store::organizations::members_of(connection, &[id]).await?;
            let known = members.iter().find(|one| one.user_id == member);
            let owners = members.iter().filter(|one| one.role == MemberRole::Owner);
            let is_last = owners.count() == 1
                && known.is_some_and(|one| one.role == MemberRole::Owner)
                && role != Some(MemberRole::Owner);
            if is_last {
                return Err(Failure::field(Code::LastOwner, "userId"));
            }
            match (role, known) {
                (None, None) => return Err(Failure::field(Code::NotFound, "userId")),
                (None, Some(_)) => {
                    store::organizations::remove_member(connection, id, member).await?;
                }
                (Some(role), known) => {
                    if known.is_none() {
                        if store::readers::known(connection, &[member])
                            .await?
                            .is_empty()
                        {
                            return Err(Failure::field(Code::UnknownUser, "userId"));
                        }
                        let theirs =
                            store::organizations::count_of_user(connection, member).await?;
                        let count = i64::try_from(members.len()).unwrap_or(i64::MAX);
                        if count >= MAX_MEMBERS || theirs >= MAX_ORGANIZATIONS {
                            return Err(Failure::field(Code::TooMany, "userId"));
                        }
                    }
                    let member = Member {
                        organization_id: id,
                        user_id: member,
                        role,
                        added_at: context.now,
                    };
                    store::organizations::put_member(connection, &member).await?;
                }
            }
            Ok(id)
        })
        .await
}

/// A name that two organisations reach at once is a refusal like any other.
fn name_taken(error: Diesel) -> Failure<OrganizationErrorCode> {
    match store::broken_index(&error) {
        Some(NAMES) => Failure::field(OrganizationErrorCode::NameTaken, "name"),
        _ => error.into(),
    }
}
