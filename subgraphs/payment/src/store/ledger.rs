//! The ledger, and the wallets that it moves.

use coko_core::database::Connection;
use coko_core::money::{Currency, Money};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::model::CurrencyCode;
use crate::tables::{journals, ledger_entries, wallets};

coko_core::ledger_store!(journals, ledger_entries, order_id);

/// Someone's wallets.
pub(crate) async fn wallets(connection: &mut Connection, user: Uuid) -> QueryResult<Vec<Money>> {
    let rows: Vec<(i64, CurrencyCode)> = wallets::table
        .filter(wallets::user_id.eq(user))
        .order(wallets::currency)
        .select((wallets::balance, wallets::currency))
        .load(connection)
        .await?;
    let money = |(balance, currency): (i64, CurrencyCode)| Money::new(balance, currency.0);
    Ok(rows.into_iter().map(money).collect())
}

/// Puts money into a wallet.
pub(crate) async fn deposit(
    connection: &mut Connection,
    user: Uuid,
    money: Money,
) -> QueryResult<()> {
    diesel::insert_into(wallets::table)
        .values((
            wallets::user_id.eq(user),
            wallets::currency.eq(CurrencyCode(money.currency)),
            wallets::balance.eq(money.amount),
        ))
        .on_conflict((wallets::user_id, wallets::currency))
        .do_update()
        .set(wallets::balance.eq(wallets::balance + money.amount))
        .execute(connection)
        .await
        .map(drop)
}

/// Takes money out of a wallet; false when there is not enough.
pub(crate) async fn withdraw(
    connection: &mut Connection,
    user: Uuid,
    money: Money,
) -> QueryResult<bool> {
    let currency: Currency = money.currency;
    diesel::update(wallets::table.find((user, CurrencyCode(currency))))
        .filter(wallets::balance.ge(money.amount))
        .set(wallets::balance.eq(wallets::balance - money.amount))
        .execute(connection)
        .await
        .map(|rows| rows > 0)
}
