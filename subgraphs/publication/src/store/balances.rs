//! What is held for payees and owed to them, which the ledger moves.

use std::collections::BTreeMap;

use coko_core::database::Connection;
use coko_core::money::CurrencyCode;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::Balance;
use crate::tables::balances;

/// Whose balance, in which currency.
pub(crate) type Account = (Uuid, CurrencyCode);

/// By how much a balance changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) escrow: i64,
    pub(crate) payable: i64,
}

/// Changes balances, each once and in an order that is the same for everyone, so that nobody waits for each other.
pub(crate) async fn change(
    connection: &mut Connection,
    changes: &[(Account, Change)],
) -> QueryResult<()> {
    let mut summed: BTreeMap<Account, Change> = BTreeMap::new();
    for (account, change) in changes {
        let sum = summed.entry(*account).or_default();
        sum.escrow += change.escrow;
        sum.payable += change.payable;
    }
    for ((payee, currency), change) in summed {
        diesel::insert_into(balances::table)
            .values((
                balances::payee_id.eq(payee),
                balances::currency.eq(currency),
            ))
            .on_conflict_do_nothing()
            .execute(connection)
            .await?;
        diesel::update(balances::table.find((payee, currency)))
            .set((
                balances::escrow.eq(balances::escrow + change.escrow),
                balances::payable.eq(balances::payable + change.payable),
            ))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// A balance, locked until the transaction ends.
pub(crate) async fn lock(
    connection: &mut Connection,
    (payee, currency): Account,
) -> QueryResult<Option<Balance>> {
    balances::table
        .find((payee, currency))
        .select(Balance::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// The balances of these payees.
pub(crate) async fn of_payees(
    connection: &mut Connection,
    payees: &[Uuid],
) -> QueryResult<Vec<Balance>> {
    balances::table
        .filter(balances::payee_id.eq_any(payees))
        .order((balances::payee_id, balances::currency))
        .select(Balance::as_select())
        .load(connection)
        .await
}

/// The accounts after `(payee, currency)`, in their order.
pub(crate) async fn accounts_after(
    connection: &mut Connection,
    (payee, currency): (Uuid, &str),
    limit: i64,
) -> QueryResult<Vec<Account>> {
    balances::table
        .filter(
            sql::<Bool>("(payee_id, currency) > (")
                .bind::<SqlUuid, _>(payee)
                .sql(", ")
                .bind::<Text, _>(currency.to_owned())
                .sql(")"),
        )
        .order((balances::payee_id, balances::currency))
        .limit(limit)
        .select((balances::payee_id, balances::currency))
        .load(connection)
        .await
}
