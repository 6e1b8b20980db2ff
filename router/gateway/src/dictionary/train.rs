//! Dictionaries made of the answers to operations in use.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use coko_executor::OperationKind;
use http::header;
use tokio::time::Instant;

use super::{Dictionaries, Dictionary, raw};
use crate::config::DictionariesConfig;
use crate::context::RequestContext;
use crate::execute::Executed;

/// An answer longer than this is like no other.
const LONGEST: usize = 256 << 10;

/// What the next dictionary is made of.
pub(super) struct Training {
    samples: usize,
    sample_bytes: usize,
    bytes: usize,
    every: Duration,
    gathered: Mutex<Gathered>,
}

#[derive(Default)]
struct Gathered {
    answers: Vec<Bytes>,
    bytes: usize,
    /// Hashes of the answers: one that comes again teaches nothing.
    seen: HashSet<u64>,
    /// When the last dictionary was made.
    made: Option<Instant>,
}

impl Training {
    pub(super) fn new(config: &DictionariesConfig) -> Self {
        Self {
            samples: config.samples,
            sample_bytes: config.sample_bytes,
            bytes: config.bytes,
            every: Duration::from_secs(config.every_s),
            gathered: Mutex::default(),
        }
    }

    /// Takes an answer in; gives back all of them when they are enough for a dictionary.
    fn take(&self, answer: &Bytes) -> Option<Vec<Bytes>> {
        // Another answer will do as well: nobody waits here.
        let mut gathered = self.gathered.try_lock().ok()?;
        let now = Instant::now();
        if gathered.made.is_some_and(|made| now - made < self.every) {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        answer.hash(&mut hasher);
        if gathered.seen.insert(hasher.finish()) {
            gathered.bytes += answer.len();
            gathered.answers.push(answer.clone());
        }
        if gathered.answers.len() < self.samples && gathered.bytes < self.sample_bytes {
            return None;
        }
        let taken = mem::take(&mut *gathered);
        gathered.made = Some(now);
        Some(taken.answers)
    }
}

impl Dictionaries {
    /// Learns from an answer that anybody may see: a registered query, run for somebody who showed nothing of themselves.
    pub(crate) fn learn(self: &Arc<Self>, context: &RequestContext, executed: &Executed) {
        let Some(training) = &self.training else {
            return;
        };
        let body = &executed.body;
        if executed.errors > 0
            || executed.kind != OperationKind::Query.as_str()
            || body.len() > LONGEST
            || is_personal(context)
            || !context.engine.documents.has_digest(&executed.hash)
        {
            return;
        }
        let Some(answers) = training.take(body) else {
            return;
        };
        let (own, size) = (self.clone(), training.bytes);
        // Training takes a while and nobody waits for it.
        tokio::task::spawn_blocking(move || own.make(&answers, size));
    }

    fn make(&self, answers: &[Bytes], size: usize) {
        let trained =
            train(answers, size).and_then(|trained| Dictionary::new(&trained, self.level));
        let outcome = match trained {
            Ok(dictionary) => {
                tracing::info!(
                    digest = hex::encode(dictionary.digest),
                    bytes = dictionary.content.len(),
                    answers = answers.len(),
                    "a compression dictionary was trained"
                );
                self.publish(dictionary);
                "OK"
            }
            Err(error) => {
                tracing::warn!(%error, answers = answers.len(), "no compression dictionary could be trained");
                "FAILED"
            }
        };
        metrics::counter!("router_dictionaries_trained_total", "outcome" => outcome).increment(1);
    }
}

/// Makes a dictionary of at most `bytes` bytes out of answers that resemble those to come; some hundred are enough.
///
/// What it returns can be put into a file of `compression.dictionaries.files`. Whoever fetches the dictionary sees pieces of
/// the answers.
///
/// # Errors
/// When there are too few answers, or too little in them.
pub fn train<A: AsRef<[u8]>>(answers: &[A], bytes: usize) -> io::Result<Vec<u8>> {
    let mut trained = zstd::dict::from_samples(answers, bytes)?;
    let head = trained.len() - raw(&trained).len();
    trained.drain(..head);
    Ok(trained)
}

/// Whether the answer may hold what is not for everyone.
fn is_personal(context: &RequestContext) -> bool {
    let headers = &context.headers;
    let forwarded = &context.engine.config.forward_headers;
    context.is_authenticated()
        || headers.contains_key(header::AUTHORIZATION)
        || headers.contains_key(header::COOKIE)
        || forwarded.iter().any(|name| headers.contains_key(name))
}
