//! E-mail: written in the business transaction, sent by a task, so that a letter goes out exactly when its cause is committed.
//!
//! Delivery is at least once: a crash between the server's acceptance and our note of it sends a letter again.

mod draft;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel_async::{AsyncConnection as _, RunQueryDsl};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::clock::Clock;
use crate::context::CommandContext;
use crate::database::{Connection, Pool};
use crate::service::Task;
use crate::tables::mail;

pub use draft::Draft;

/// Attempts before a letter is left for a person to look at.
const MAX_ATTEMPTS: i32 = 10;
/// How long it is kept to whom was written: long past the last attempt.
const KEEP: time::Duration = time::Duration::days(30);

/// RFC 2369 and RFC 8058.
const LIST_UNSUBSCRIBE: HeaderName = HeaderName::new_from_ascii_str("List-Unsubscribe");
const LIST_UNSUBSCRIBE_POST: HeaderName = HeaderName::new_from_ascii_str("List-Unsubscribe-Post");

/// One letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The address alone, without a name.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The plain text, complete in itself.
    pub text: String,
    /// The same as simple HTML.
    pub html: Option<String>,
    /// Where the recipient ends such letters with one request (RFC 8058); none for letters that are not subscribed to.
    pub unsubscribe: Option<String>,
}

/// Writes a letter; call it inside the business transaction.
///
/// # Errors
/// When the row cannot be written, which must fail the transaction.
pub async fn enqueue(
    connection: &mut Connection,
    context: &CommandContext,
    letter: &Letter,
) -> QueryResult<()> {
    diesel::insert_into(mail::table)
        .values((
            mail::id.eq(context.id()),
            mail::recipient.eq(&letter.to),
            mail::subject.eq(&letter.subject),
            mail::text_body.eq(&letter.text),
            mail::html_body.eq(&letter.html),
            mail::created_at.eq(context.now),
            mail::next_at.eq(context.now),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Forgets every letter to `recipient`, sent or not: nothing is kept of an account that is erased. Call it inside the transaction
/// that erases it.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(connection: &mut Connection, recipient: &str) -> QueryResult<usize> {
    diesel::delete(mail::table.filter(mail::recipient.eq(recipient)))
        .execute(connection)
        .await
}

/// Forgets letters that were written long ago, sent or given up, a bounded number at a time; returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(connection: &mut Connection, now: OffsetDateTime) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM mail WHERE id IN (SELECT id FROM mail WHERE created_at < $1 LIMIT 10000)",
    )
    .bind::<diesel::sql_types::Timestamptz, _>(now - KEEP)
    .execute(connection)
    .await
}

/// How letters leave.
#[derive(Clone, Debug)]
pub struct Mailer {
    from: Mailbox,
    way: Way,
}

#[derive(Clone, Debug)]
enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(Arc<PathBuf>),
    Memory(Arc<Mutex<Vec<Letter>>>),
}

/// A mail configuration that cannot work, or a letter that could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The sender or recipient is not an address.
    #[error("`{0}` is not an e-mail address")]
    Address(String),
    /// The SMTP URL is malformed.
    #[error("the SMTP URL is malformed ({0}); expected smtps://user:password@host")]
    Url(String),
    /// The server will never take a letter to this mailbox (RFC 5321: 550, 551, 553).
    #[error("the mail was refused: {0}")]
    Refused(String),
    /// The server refused for now, or did not answer.
    #[error("the mail could not be sent: {0}")]
    Send(String),
}

impl Mailer {
    /// Through an SMTP server (`smtp://` or `smtps://` URL).
    ///
    /// # Errors
    /// When the URL or the sender's address is malformed.
    pub fn smtp(url: &str, from: &str) -> Result<Self, MailError> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|error| MailError::Url(error.to_string()))?
            .timeout(Some(Duration::from_secs(20)))
            .build();
        Ok(Self {
            from: address(from)?,
            way: Way::Smtp(transport),
        })
    }

    /// Into a folder, one `.eml` file (RFC 5322) a letter: for development.
    ///
    /// # Errors
    /// When the sender's address is malformed.
    pub fn folder(path: impl Into<PathBuf>, from: &str) -> Result<Self, MailError> {
        Ok(Self {
            from: address(from)?,
            way: Way::Folder(Arc::new(path.into())),
        })
    }

    /// Into a list that tests read.
    ///
    /// # Errors
    /// When the sender's address is malformed.
    pub fn memory(from: &str) -> Result<Self, MailError> {
        Ok(Self {
            from: address(from)?,
            way: Way::Memory(Arc::default()),
        })
    }

    /// What was sent into memory so far.
    pub fn sent(&self) -> Vec<Letter> {
        match &self.way {
            Way::Memory(sent) => sent.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Way::Smtp(_) | Way::Folder(_) => Vec::new(),
        }
    }

    /// Sends a letter now, for who keeps a queue of their own.
    ///
    /// # Errors
    /// [`MailError::Refused`] and [`MailError::Address`] for what no retry will help; the rest may pass.
    pub async fn send(&self, id: Uuid, letter: Letter) -> Result<(), MailError> {
        let message = self.compose(&letter)?;
        match &self.way {
            Way::Smtp(transport) => transport.send(message).await.map(drop).map_err(|error| {
                // Other permanent codes speak of us and the server rather than of the mailbox.
                let code = error.status().map(|code| code.to_string());
                let reason = error.to_string();
                match code.as_deref() {
                    Some("550" | "551" | "553") => MailError::Refused(reason),
                    _ => MailError::Send(reason),
                }
            }),
            Way::Folder(folder) => {
                let failed = |error: std::io::Error| MailError::Send(error.to_string());
                tokio::fs::create_dir_all(folder.as_path())
                    .await
                    .map_err(failed)?;
                tokio::fs::write(folder.join(format!("{id}.eml")), message.formatted())
                    .await
                    .map_err(failed)
            }
            Way::Memory(sent) => {
                sent.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(letter);
                Ok(())
            }
        }
    }

    /// Builds the message; `lettre` encodes every header, so a line break in a name cannot add one.
    fn compose(&self, letter: &Letter) -> Result<lettre::Message, MailError> {
        let mut builder = lettre::Message::builder()
            .from(self.from.clone())
            .to(address(&letter.to)?)
            .subject(letter.subject.as_str());
        if let Some(link) = &letter.unsubscribe {
            let one_click = "List-Unsubscribe=One-Click".to_owned();
            builder = builder
                .raw_header(HeaderValue::new(LIST_UNSUBSCRIBE, format!("<{link}>")))
                .raw_header(HeaderValue::new(LIST_UNSUBSCRIBE_POST, one_click));
        }
        let built = match &letter.html {
            Some(html) => builder.multipart(MultiPart::alternative_plain_html(
                letter.text.clone(),
                html.clone(),
            )),
            None => builder.singlepart(
                SinglePart::builder()
                    .header(ContentType::TEXT_PLAIN)
                    .body(letter.text.clone()),
            ),
        };
        built.map_err(|error| MailError::Send(error.to_string()))
    }

    /// The task that sends what is due in one database.
    pub fn task(&self, pool: Pool, clock: Clock) -> Task {
        let mailer = self.clone();
        Task::every("mail", Duration::from_secs(1), move || {
            let (mailer, pool, clock) = (mailer.clone(), pool.clone(), clock.clone());
            async move { mailer.send_due(&pool, clock.now()).await.map(drop) }
        })
    }

    /// Sends everything that is due now; returns how many letters went out.
    ///
    /// # Errors
    /// When the database does not answer; a letter that cannot be sent is tried again later.
    pub async fn send_due(&self, pool: &Pool, now: OffsetDateTime) -> crate::Result<usize> {
        let mut sent = 0;
        let mut connection = pool.get().await?;
        // Time goes on while letters leave: a claim that counted from the beginning would have run out before it was made, and
        // another process would send the letter as well.
        let began = Instant::now();
        while self
            .send_one(&mut connection, now + began.elapsed())
            .await?
        {
            sent += 1;
        }
        Ok(sent)
    }

    /// Claims one due letter by moving its next attempt, sends it outside the transaction, and notes the outcome.
    async fn send_one(
        &self,
        connection: &mut Connection,
        now: OffsetDateTime,
    ) -> QueryResult<bool> {
        let claimed = connection
            .transaction(async |connection| {
                let due: Option<(Uuid, String, String, String, Option<String>, i32)> = mail::table
                    .filter(mail::sent_at.is_null())
                    .filter(mail::next_at.le(now))
                    .filter(mail::attempts.lt(MAX_ATTEMPTS))
                    .order(mail::next_at)
                    .select((
                        mail::id,
                        mail::recipient,
                        mail::subject,
                        mail::text_body,
                        mail::html_body,
                        mail::attempts,
                    ))
                    .for_update()
                    .skip_locked()
                    .first(connection)
                    .await
                    .optional()?;
                if let Some((id, .., attempts)) = &due {
                    let wait = time::Duration::seconds(30 * (1_i64 << (*attempts).clamp(0, 10)));
                    diesel::update(mail::table.find(id))
                        .set((
                            mail::attempts.eq(attempts + 1),
                            mail::next_at.eq(now + wait),
                        ))
                        .execute(connection)
                        .await?;
                }
                QueryResult::Ok(due)
            })
            .await?;
        let Some((id, to, subject, text, html, _)) = claimed else {
            return Ok(false);
        };
        let outcome = self
            .send(
                id,
                Letter {
                    to,
                    subject,
                    text,
                    html,
                    unsubscribe: None,
                },
            )
            .await;
        let label = if outcome.is_ok() { "sent" } else { "failed" };
        metrics::counter!("mail_total", "outcome" => label).increment(1);
        match outcome {
            Ok(()) => {
                // The text may hold one-time links; nobody needs it once it is sent.
                diesel::update(mail::table.find(id))
                    .set((
                        mail::sent_at.eq(now),
                        mail::text_body.eq(""),
                        mail::html_body.eq(None::<String>),
                    ))
                    .execute(connection)
                    .await?;
            }
            Err(error) => {
                // What the server says may name the recipient: it stays in the row, which goes with the account.
                tracing::warn!(mail = %id, "a letter is tried again later");
                diesel::update(mail::table.find(id))
                    .set(mail::error.eq(error.to_string()))
                    .execute(connection)
                    .await?;
            }
        }
        Ok(true)
    }
}

fn address(text: &str) -> Result<Mailbox, MailError> {
    text.parse()
        .map_err(|_| MailError::Address(text.to_owned()))
}
