//! Contracts and their parties.

use coko_core::database::Connection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::Date;
use uuid::Uuid;

use crate::model::{Contract, Party};
use crate::tables::{contract_parties, contracts};

/// The contract, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut Connection, id: Uuid) -> QueryResult<Option<Contract>> {
    contracts::table
        .find(id)
        .select(Contract::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// The contracts of these manuscripts, the oldest first.
pub(crate) async fn of_manuscripts(
    connection: &mut Connection,
    manuscripts: &[Uuid],
) -> QueryResult<Vec<Contract>> {
    contracts::table
        .filter(contracts::manuscript_id.eq_any(manuscripts))
        .order((contracts::starts_on, contracts::id))
        .select(Contract::as_select())
        .load(connection)
        .await
}

/// The parties of these contracts, in their order.
pub(crate) async fn parties(
    connection: &mut Connection,
    contracts: &[Uuid],
) -> QueryResult<Vec<Party>> {
    contract_parties::table
        .filter(contract_parties::contract_id.eq_any(contracts))
        .order((contract_parties::contract_id, contract_parties::position))
        .select(Party::as_select())
        .load(connection)
        .await
}

/// Writes a new contract with its parties.
pub(crate) async fn insert(
    connection: &mut Connection,
    contract: &Contract,
    parties: &[Party],
) -> QueryResult<()> {
    diesel::insert_into(contracts::table)
        .values(contract)
        .execute(connection)
        .await?;
    diesel::insert_into(contract_parties::table)
        .values(parties)
        .execute(connection)
        .await
        .map(drop)
}

/// Sets the last day of a locked contract.
pub(crate) async fn end(connection: &mut Connection, id: Uuid, on: Date) -> QueryResult<()> {
    diesel::update(contracts::table.find(id))
        .set(contracts::ends_on.eq(on))
        .execute(connection)
        .await
        .map(drop)
}
