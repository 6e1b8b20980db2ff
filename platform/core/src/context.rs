//! What a command knows of the outside: who asks, when, in which language, and in which trace.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use time::OffsetDateTime;
use uuid::Uuid;

use crate::identity::Viewer;
use crate::ids::Entropy;
use crate::locale::Locale;

/// Passed first to every command; clock and randomness come with it, so a command is a function of its arguments and the database.
#[derive(Clone, Debug)]
pub struct CommandContext {
    /// The moment the request or event began to be handled, UTC.
    pub now: OffsetDateTime,
    /// Where ids and secrets come from.
    pub entropy: Entropy,
    /// Who asks; the system itself when an event or a timer does.
    pub viewer: Asker,
    /// The language of messages.
    pub locale: Locale,
    /// Identifies the request in logs, errors and events (`correlationid`).
    pub request_id: String,
    /// W3C Trace Context of the caller.
    pub traceparent: Option<String>,
    /// The event that caused this command.
    pub causation_id: Option<Uuid>,
    /// The client's address as the gateway saw it.
    pub address: Option<IpAddr>,
    /// The client's `User-Agent`.
    pub agent: Option<String>,
}

/// Who asks. Whoever looks is noticed: an answer for which nobody looked is the same for everyone, and may be shared.
#[derive(Clone, Debug)]
pub struct Asker {
    viewer: Arc<Viewer>,
    consulted: Arc<AtomicBool>,
}

impl Asker {
    /// Whether anything about the viewer was looked at, through this value or a clone of it.
    pub fn was_consulted(&self) -> bool {
        self.consulted.load(Ordering::Relaxed)
    }
}

impl Deref for Asker {
    type Target = Viewer;

    fn deref(&self) -> &Viewer {
        self.consulted.store(true, Ordering::Relaxed);
        &self.viewer
    }
}

impl From<Viewer> for Asker {
    fn from(viewer: Viewer) -> Self {
        Self {
            viewer: Arc::new(viewer),
            consulted: Arc::default(),
        }
    }
}

impl CommandContext {
    /// A context in which the system itself acts: timers, seeds, command line.
    pub fn system(now: OffsetDateTime, entropy: Entropy) -> Self {
        let request_id = entropy.uuid(now).to_string();
        Self {
            now,
            entropy,
            viewer: Viewer::system().into(),
            locale: Locale::FR,
            request_id,
            traceparent: None,
            causation_id: None,
            address: None,
            agent: None,
        }
    }

    /// A fresh UUIDv7.
    pub fn id(&self) -> Uuid {
        self.entropy.uuid(self.now)
    }
}
