//! What can be done in payment, one function per use case; one transaction each, events enqueued before the commit.
//!
//! No provider is called inside a transaction: what is about to be asked is committed before, what was answered after.

pub(crate) mod checkout;
pub(crate) mod invoices;
pub(crate) mod notices;
pub(crate) mod operator;
pub(crate) mod purchase;
pub(crate) mod refunds;
pub(crate) mod settle;
pub(crate) mod subscriptions;
pub(crate) mod sweep;
pub(crate) mod told;

use std::sync::Arc;

use coko_core::context::CommandContext;
use coko_core::crypto::ColumnCipher;
use coko_core::database::Pool;
use coko_core::service::Platform;
use coko_core::translation::Translations;
use coko_core::{Error, Result};
use time::Duration;
use tokio::sync::{Notify, Semaphore};

use crate::config::Config;
use crate::connectors::{Connectors, Known};
use crate::model::{Attempt, References};

/// The column in whose name providers' references are sealed.
const REFERENCES: &str = "attempts.references";
/// The column in whose name the tokens of unsigned notices are looked up.
const NOTICE_TOKEN: &str = "attempts.notice_token";

/// What every command of this subgraph shares.
pub(crate) struct Payment {
    pub(crate) pool: Pool,
    pub(crate) cipher: ColumnCipher,
    pub(crate) connectors: Connectors,
    pub(crate) config: Config,
    pub(crate) platform: Platform,
    /// Where payers are sent back to, without a trailing slash.
    pub(crate) site_url: String,
    /// Where providers reach us, without a trailing slash.
    pub(crate) webhook_url: String,
    /// Wakes the worker when a notice has come.
    pub(crate) noticed: Arc<Notify>,
    /// Turns at printing invoices.
    pub(crate) printing: Arc<Semaphore>,
    pub(crate) translations: Translations,
}

impl Payment {
    /// The context in which a worker acts.
    pub(crate) fn system(&self) -> CommandContext {
        CommandContext::system(self.platform.clock.now(), self.platform.entropy.clone())
    }

    fn first_check(&self) -> Duration {
        Duration::seconds(self.config.timers.first_check_seconds)
    }

    fn references(&self, attempt: &Attempt) -> Result<References> {
        let Some(sealed) = &attempt.references_sealed else {
            return Ok(References::default());
        };
        let text = self.cipher.open(REFERENCES, sealed)?;
        serde_json::from_str(&text).map_err(Error::internal)
    }

    fn seal(&self, references: &References) -> Result<Vec<u8>> {
        let text = serde_json::to_string(references).map_err(Error::internal)?;
        Ok(self.cipher.seal(&self.platform.entropy, REFERENCES, &text))
    }

    fn known(&self, attempt: &Attempt) -> Result<Known> {
        Ok(Known {
            attempt: attempt.id,
            references: self.references(attempt)?,
            charge: attempt.charged(),
        })
    }
}
