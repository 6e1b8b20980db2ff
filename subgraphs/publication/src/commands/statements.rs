//! Monthly statements: issued when a month is over, printed when they are fetched.

use coko_core::context::CommandContext;
use coko_core::database::Connection;
use coko_core::identity::link;
use coko_core::locale::Locale;
use coko_core::{Code, Error, Result};
use diesel_async::AsyncConnection as _;
use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use super::Publishing;
use crate::model::Statement;
use crate::model::reading::{following, midnight, month_of, preceding};
use crate::store::balances::Account;
use crate::{print, store};

/// How many accounts one round looks at.
const BATCH: i64 = 50;
/// What signatures of these links are about, so that none is taken for another's.
const LINK: &str = "coko-publication-statement";
/// How long a link may be used.
const LINK_LIFE: Duration = Duration::minutes(10);
/// Most lines that are written out as CSV.
const CSV_LINES: i64 = 50_000;

/// Issues statements of the month that ended last; returns how many accounts were looked at. Each says what happened since the one
/// before it, so that a month in which nobody was there to issue them is in the next.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn issue(context: &CommandContext, publishing: &Publishing) -> Result<usize> {
    let grace = Duration::hours(publishing.config.timers.month_hours);
    let month = preceding(month_of(context.now - grace));
    let mut connection = publishing.pool.get().await?;
    connection
        .transaction(async |connection| {
            let run = store::statements::lock_run(connection, month).await?;
            let Some(run) = run.filter(|run| !run.done) else {
                return Ok(0);
            };
            let after = (run.payee_id, run.currency.as_str());
            let accounts = store::balances::accounts_after(connection, after, BATCH).await?;
            for account in &accounts {
                one(connection, context, *account, month).await?;
            }
            let full = i64::try_from(accounts.len()).is_ok_and(|count| count == BATCH);
            let last = accounts.last().copied();
            store::statements::set_run(connection, month, last, !full).await?;
            Ok(accounts.len())
        })
        .await
}

async fn one(
    connection: &mut Connection,
    context: &CommandContext,
    account: Account,
    month: Date,
) -> Result<()> {
    let last = store::statements::last(connection, account).await?;
    let from = last.map_or(OffsetDateTime::UNIX_EPOCH, |(last, _)| {
        midnight(following(last))
    });
    let to = midnight(following(month));
    if from >= to {
        return Ok(());
    }
    let moved = store::statements::moved(connection, account, (from, to)).await?;
    let opening = last.map_or(0, |(_, closing)| closing);
    let id = context.id();
    let statement = Statement::new(id, account, month, opening, moved, context.now);
    if let Some(statement) = statement {
        store::statements::insert(connection, &statement, (from, to)).await?;
        metrics::counter!("publication_statements_total").increment(1);
    }
    Ok(())
}

/// What a statement is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Format {
    /// Comma-separated values (RFC 4180).
    #[serde(rename = "c")]
    Csv,
    /// PDF.
    #[serde(rename = "p")]
    Pdf,
}

/// What a link permits: one statement in one format and language.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    #[serde(rename = "s")]
    statement: Uuid,
    #[serde(rename = "f")]
    format: Format,
    #[serde(rename = "l")]
    language: String,
}

/// The address of a statement, for whoever holds it, for a short while.
pub(crate) fn address(
    context: &CommandContext,
    publishing: &Publishing,
    statement: &Statement,
    format: Format,
    locale: &Locale,
) -> String {
    let claims = Claims {
        statement: statement.id,
        format,
        language: locale.language().to_owned(),
    };
    let ends = context.now + LINK_LIFE;
    let token = link::seal(&publishing.platform.internal_key, LINK, &claims, ends);
    format!("{}/statements/{token}", publishing.platform.public_url)
}

/// A statement as a file.
#[derive(Debug)]
pub(crate) struct Printed {
    /// Its number, for the name of the file.
    pub(crate) code: String,
    pub(crate) format: Format,
    pub(crate) bytes: Vec<u8>,
}

/// Writes the statement that `token` permits.
///
/// # Errors
/// `FORBIDDEN` for a link that is not ours or has ended; when the database does not answer.
pub(crate) async fn print(publishing: &Publishing, token: &str) -> Result<Printed> {
    let now = publishing.platform.clock.now();
    let claims: Claims = link::open(&publishing.platform.internal_key, LINK, token, now)
        .ok_or_else(|| Error::new(Code::Forbidden, "publication-link-ended"))?;
    let locale: Locale = claims.language.parse().unwrap_or_default();
    // Waiting here rather than for a thread: printing is work for the processor.
    let turn = publishing.printing.clone().acquire_owned().await;
    let turn = turn.map_err(Error::internal)?;
    let mut connection = publishing.pool.get().await?;
    let mut found = store::statements::by_ids(&mut connection, &[claims.statement]).await?;
    let statement = found.pop().ok_or_else(Error::not_found)?;
    let limit = match claims.format {
        Format::Csv => CSV_LINES,
        // One more than is printed, to know whether there are more.
        Format::Pdf => print::PDF_LINES + 1,
    };
    let lines = store::statements::lines(&mut connection, statement.id, limit).await?;
    let payee = statement.payee_id;
    let organization = store::organizations::by_ids(&mut connection, &[payee]).await?;
    drop(connection);
    let sheet = print::Sheet {
        payee: organization.into_iter().next().map(|found| found.name),
        payer: publishing.config.payer.clone(),
        statement,
        lines,
    };
    let code = sheet.statement.code();
    let translations = publishing.translations.clone();
    let printed = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        match claims.format {
            Format::Csv => print::csv(&sheet, &translations, &locale),
            Format::Pdf => print::pdf(&sheet, &translations, &locale),
        }
    });
    let bytes = printed.await.map_err(Error::internal)?;
    Ok(Printed {
        code,
        format: claims.format,
        bytes: bytes.map_err(Error::internal)?,
    })
}
