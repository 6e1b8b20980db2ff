//! The ledger, and the wallets that it moves.

use coko_core::database::Connection;
use coko_core::money::{Currency, Money};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::CurrencyCode;
use crate::model::ledger::{Entry, Journal};
use crate::tables::{journals, ledger_entries, wallets};

/// Books a journal; a step that was booked before is left as it is, and false is returned.
pub(crate) async fn book(
    connection: &mut Connection,
    id: Uuid,
    order: Uuid,
    journal: &Journal,
    now: OffsetDateTime,
) -> QueryResult<bool> {
    let fresh = diesel::insert_into(journals::table)
        .values((
            journals::id.eq(id),
            journals::step.eq(&journal.step),
            journals::order_id.eq(order),
            journals::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    if fresh == 0 {
        return Ok(false);
    }
    let rows: Vec<_> = journal
        .entries
        .iter()
        .map(|entry| {
            (
                ledger_entries::journal_id.eq(id),
                ledger_entries::account.eq(&entry.account),
                ledger_entries::amount.eq(entry.amount.amount),
                ledger_entries::currency.eq(CurrencyCode(entry.amount.currency)),
            )
        })
        .collect();
    diesel::insert_into(ledger_entries::table)
        .values(rows)
        .execute(connection)
        .await?;
    Ok(true)
}

/// The lines that a step booked.
pub(crate) async fn booked(connection: &mut Connection, step: &str) -> QueryResult<Vec<Entry>> {
    let rows: Vec<(String, i64, CurrencyCode)> = ledger_entries::table
        .filter(
            ledger_entries::journal_id.eq_any(
                journals::table
                    .filter(journals::step.eq(step))
                    .select(journals::id),
            ),
        )
        .order(ledger_entries::id)
        .select((
            ledger_entries::account,
            ledger_entries::amount,
            ledger_entries::currency,
        ))
        .load(connection)
        .await?;
    let entry = |(account, amount, currency): (String, i64, CurrencyCode)| Entry {
        account,
        amount: Money::new(amount, currency.0),
    };
    Ok(rows.into_iter().map(entry).collect())
}

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
