//! Reading by subscription: counted as it is told, worth something once its month is over.

use coko_core::Result;
use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::events::reading::ReadingProgressed;
use coko_core::money::{Currency, Money};
use diesel_async::AsyncConnection as _;
use time::Duration;

use super::Publishing;
use super::royalties::{Earned, accrue};
use crate::config::Terms;
use crate::model::reading::{counted, month_of, worth};
use crate::model::{RoyaltySource, royalty};
use crate::store;

/// How many manuscripts one round books.
pub(crate) const BATCH: i64 = 50;
/// How many rows of readers one round forgets.
pub(crate) const FORGOTTEN: i32 = 5000;
/// The right by which subscribers read.
const SUBSCRIPTION: &str = "SUBSCRIPTION";

/// Counts how much longer somebody has read a book of ours. What was told before counts nothing, and neither does what is read by
/// another right; what is told after its month was shared counts for the month that runs.
pub(crate) async fn progressed(
    connection: &mut Connection,
    context: &CommandContext,
    terms: &Terms,
    event: &ReadingProgressed,
) -> Result<()> {
    let found = store::manuscripts::of_book(connection, event.book_id).await?;
    let Some(manuscript) = found else {
        return Ok(());
    };
    let whose = (event.user_id, event.book_id);
    let seconds = store::reading::mark(connection, whose, event.seconds_read).await?;
    if seconds == 0 || event.source != SUBSCRIPTION {
        return Ok(());
    }
    let now = month_of(context.now);
    let told = month_of(event.progressed_at.min(context.now));
    let month = if store::reading::hold_open(connection, told).await? {
        told
    } else if store::reading::hold_open(connection, now).await? {
        now
    } else {
        return Ok(());
    };
    let so_far = store::reading::lock_share(connection, month, event.user_id).await?;
    let seconds = counted(seconds, so_far, terms.reading_hours.saturating_mul(3600));
    if seconds > 0 {
        let country = store::readers::country(connection, event.user_id).await?;
        let of = (manuscript.id, country.as_str());
        store::reading::count(connection, month, event.user_id, of, seconds).await?;
    }
    Ok(())
}

/// Fixes what the oldest month that is over is worth, and shares it; returns how many months there were, one at most.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn share(context: &CommandContext, publishing: &Publishing) -> Result<usize> {
    let grace = Duration::hours(publishing.config.timers.month_hours);
    let current = month_of(context.now - grace);
    let hourly = publishing.config.terms.reading_francs_per_hour;
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let over = store::reading::lock_over(connection, current).await?;
            let Some((month, seconds)) = over else {
                return Ok(0);
            };
            let amount = worth(seconds, hourly);
            store::reading::share(connection, month, seconds, amount).await?;
            tracing::info!(%month, seconds, amount, "a month of reading is shared");
            Ok(1)
        })
        .await
}

/// Books what was shared; returns how much there was.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn book(context: &CommandContext, publishing: &Publishing) -> Result<usize> {
    let terms = publishing.config.terms;
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let shared = store::reading::lock_shared(connection, BATCH).await?;
            let mut ids: Vec<_> = shared.iter().map(|earned| earned.manuscript_id).collect();
            ids.dedup();
            let manuscripts = store::manuscripts::by_ids(connection, &ids).await?;
            let mut changes = Vec::new();
            for time in &shared {
                let of = manuscripts
                    .iter()
                    .find(|manuscript| manuscript.id == time.manuscript_id);
                let amount = time.amount.unwrap_or_default();
                if let Some(manuscript) = of.filter(|_| amount > 0) {
                    let earned = Earned {
                        source: RoyaltySource::Reading,
                        order_id: None,
                        month: Some(time.month),
                        country: &time.country,
                        on: time.month,
                        units: time.seconds,
                        gross: Money::new(amount, Currency::Xof),
                        step: royalty::reading_step(time.month, manuscript.id, &time.country),
                        subject: manuscript.id,
                    };
                    changes.extend(accrue(connection, context, &terms, manuscript, earned).await?);
                }
                store::reading::remove(connection, time).await?;
            }
            store::balances::change(connection, &changes).await?;
            Ok(shared.len())
        })
        .await
}

/// Closes months of which everything is booked, and forgets who read how long in them; returns how many rows went.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn settle(publishing: &Publishing) -> Result<usize> {
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| Ok(store::reading::settle(connection, FORGOTTEN).await?))
        .await
}
