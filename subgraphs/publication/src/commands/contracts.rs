//! Contracts: made and ended by the owners of the organisation whose manuscript they are about.

use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome};
use diesel_async::AsyncConnection as _;
use time::Date;
use uuid::Uuid;

use super::{Publishing, accountant, author, members_manuscript};
use crate::error::{ContractErrorCode, EndContractErrorCode};
use crate::model::contract::MAX_CONTRACTS;
use crate::model::{Contract, MemberRole, Party, PayeeKind, Texts};
use crate::store;

/// What is to be agreed.
#[derive(Clone, Debug)]
pub(crate) struct Agreed {
    pub(crate) manuscript: Uuid,
    pub(crate) territory: Vec<String>,
    /// Today when there is none.
    pub(crate) starts_on: Option<Date>,
    pub(crate) ends_on: Option<Date>,
    pub(crate) parties: Vec<(Uuid, PayeeKind, i32)>,
}

/// Makes a contract.
///
/// # Errors
/// Refusals of the input; `FORBIDDEN` without `books:publish` and `royalties:manage`, and for members who do not own the
/// organisation.
pub(crate) async fn create(
    context: &CommandContext,
    publishing: &Publishing,
    agreed: Agreed,
) -> Outcome<Uuid, ContractErrorCode> {
    use ContractErrorCode as Code;
    let user = author(context)?;
    accountant(context)?;
    let today = context.now.date();
    let share = publishing.config.terms.platform_share;
    let contract = Contract {
        id: context.id(),
        manuscript_id: agreed.manuscript,
        territory: Texts(agreed.territory),
        starts_on: agreed.starts_on.unwrap_or(today),
        ends_on: agreed.ends_on,
        platform_share: i32::try_from(share).unwrap_or_default(),
        created_by: user,
        created_at: context.now,
    };
    let parties: Vec<Party> = (0..)
        .zip(agreed.parties)
        .map(|(position, (payee_id, payee_kind, share))| Party {
            contract_id: contract.id,
            position,
            payee_id,
            payee_kind,
            share,
        })
        .collect();
    contract.check(&parties)?;
    // What was sold before today is accounted for already.
    if contract.starts_on < today {
        return Err(Failure::field(Code::InvalidTerm, "startsOn"));
    }
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let whose = (contract.manuscript_id, user);
            members_manuscript(connection, whose, Code::NotFound, MemberRole::manages).await?;
            let earlier =
                store::contracts::of_manuscripts(connection, &[contract.manuscript_id]).await?;
            if earlier.len() >= MAX_CONTRACTS {
                return Err(Failure::field(Code::TooMany, "manuscriptId"));
            }
            if earlier.iter().any(|other| other.collides(&contract)) {
                return Err(Failure::field(Code::Overlap, "territory"));
            }
            let of = |kind: PayeeKind| -> Vec<Uuid> {
                let parties = parties.iter().filter(|party| party.payee_kind == kind);
                parties.map(|party| party.payee_id).collect()
            };
            let mut known = store::readers::known(connection, &of(PayeeKind::User)).await?;
            let organizations =
                store::organizations::by_ids(connection, &of(PayeeKind::Organization)).await?;
            known.extend(organizations.iter().map(|organization| organization.id));
            let unknown = parties
                .iter()
                .position(|party| !known.contains(&party.payee_id));
            if let Some(index) = unknown {
                let field = format!("parties.{index}.payeeId");
                return Err(Failure::field(Code::UnknownParty, field));
            }
            store::contracts::insert(connection, &contract, &parties).await?;
            Ok(contract.manuscript_id)
        })
        .await
}

/// Sets the last day of a contract, today at the earliest; returns its manuscript.
///
/// # Errors
/// As [`create`].
pub(crate) async fn end(
    context: &CommandContext,
    publishing: &Publishing,
    id: Uuid,
    on: Date,
) -> Outcome<Uuid, EndContractErrorCode> {
    use EndContractErrorCode as Code;
    let user = author(context)?;
    accountant(context)?;
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let not_found = || Failure::field(Code::NotFound, "contractId");
            let found = store::contracts::lock(connection, id).await?;
            let contract = found.ok_or_else(not_found)?;
            let manuscript =
                store::manuscripts::by_ids(connection, &[contract.manuscript_id]).await?;
            let organization = manuscript
                .first()
                .map(|manuscript| manuscript.organization_id);
            let organization = organization.ok_or_else(not_found)?;
            match store::organizations::role(connection, organization, user).await? {
                Some(role) if role.manages() => {}
                Some(_) => return Err(coko_core::Error::forbidden().into()),
                None => return Err(not_found()),
            }
            let too_late = contract.ends_on.is_some_and(|end| end < on);
            if on < contract.starts_on || on < context.now.date() || too_late {
                return Err(Failure::field(Code::InvalidTerm, "endsOn"));
            }
            store::contracts::end(connection, id, on).await?;
            Ok(contract.manuscript_id)
        })
        .await
}
