//! Sending of text messages: a queue in the database, sealed, emptied by a task.
//!
//! The queue is written in the business transaction, as mail is. Messages live as long as their codes; once sent or
//! expired their rows go away. Providers, their receipts and escalation are the notification domain's.

use std::path::Path;
use std::time::Instant;

use coko_core::config::Secret;
use coko_core::crypto::ColumnCipher;
use coko_core::database::Pool;
use time::OffsetDateTime;
use url::Url;

use crate::commands::phone::claim_text;
use crate::config::TextsConfig;
use crate::store;

/// The columns that are sealed.
pub(crate) const RECIPIENT: &str = "text_messages.recipient";
pub(crate) const BODY: &str = "text_messages.body";

/// How text messages leave.
#[derive(Clone, Debug)]
pub(crate) struct Texter {
    http: reqwest::Client,
    config: TextsConfig,
}

/// A message that did not leave.
#[derive(Debug, thiserror::Error)]
enum TextError {
    #[error("no gateway and no folder for text messages is configured")]
    Unconfigured,
    #[error("the gateway did not take the message: {0}")]
    Gateway(#[from] reqwest::Error),
    #[error("the message could not be written: {0}")]
    Folder(#[from] std::io::Error),
}

impl Texter {
    pub(crate) fn new(http: reqwest::Client, config: TextsConfig) -> Self {
        Self { http, config }
    }

    /// Sends everything that is due; returns how many messages left.
    pub(crate) async fn send_due(
        &self,
        pool: &Pool,
        cipher: &ColumnCipher,
        now: OffsetDateTime,
    ) -> coko_core::Result<usize> {
        let mut connection = pool.get().await?;
        let mut sent = 0;
        // A claim counts from the moment it is made, however long those before it took.
        let began = Instant::now();
        while let Some(message) = claim_text(&mut connection, now + began.elapsed()).await? {
            let open = |column, sealed: &[u8]| {
                cipher
                    .open(column, sealed)
                    .map_err(coko_core::Error::internal)
            };
            let (to, text) = (
                open(RECIPIENT, &message.recipient)?,
                open(BODY, &message.body)?,
            );
            let outcome = self.send(message.id, &to, &text).await;
            let label = if outcome.is_ok() { "sent" } else { "failed" };
            metrics::counter!("text_messages_total", "outcome" => label).increment(1);
            match outcome {
                Ok(()) => {
                    store::phones::remove_text(&mut connection, message.id).await?;
                    sent += 1;
                }
                Err(error) => {
                    tracing::warn!(%error, message = %message.id, "a text message is tried again later");
                }
            }
        }
        Ok(sent)
    }

    async fn send(&self, id: uuid::Uuid, to: &str, text: &str) -> Result<(), TextError> {
        match (&self.config.url, &self.config.folder) {
            (Some(url), _) => post(&self.http, url, self.config.token.as_ref(), to, text).await,
            (None, Some(folder)) => write(folder, id, to, text).await,
            (None, None) => Err(TextError::Unconfigured),
        }
    }
}

async fn post(
    http: &reqwest::Client,
    url: &Url,
    token: Option<&Secret>,
    to: &str,
    text: &str,
) -> Result<(), TextError> {
    let mut request = http
        .post(url.clone())
        .json(&serde_json::json!({ "to": to, "text": text }));
    if let Some(token) = token {
        request = request.bearer_auth(token.expose());
    }
    request.send().await?.error_for_status()?;
    Ok(())
}

async fn write(folder: &Path, id: uuid::Uuid, to: &str, text: &str) -> Result<(), TextError> {
    tokio::fs::create_dir_all(folder).await?;
    tokio::fs::write(
        folder.join(format!("{id}.txt")),
        format!("To: {to}\n\n{text}\n"),
    )
    .await?;
    Ok(())
}
