//! What one role asks another over the broker, and the answers: for operators and for copies of one's data.
//!
//! Domains tell each other what happened by events. This is for what must not become an event, because it is personal and the
//! history is kept, or because only the state of this moment counts. Questions and answers are signed with the key that the
//! roles share; an answer of any size comes in pieces. Nothing is kept: who gets no answer asks again.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{HeaderMap, StatusCode};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::identity::InternalKey;
use crate::service::{Bus, Nats, Platform, Task};
use crate::{Code, Error, Result};

/// Bytes of one piece of an answer, well under the broker's default limit of a mebibyte.
const PIECE: usize = 256 * 1024;
/// A longer answer is not believed.
const MAX_ANSWER: usize = 512 * 1024 * 1024;
/// How long the next piece is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How old a question may be.
const LIFE: time::Duration = time::Duration::minutes(2);
/// Questions of one kind that a process answers at once.
const AT_ONCE: usize = 4;

/// Carries the signature.
const SIGNATURE: &str = "Coko-Signature";
/// Marks the last piece of an answer.
const LAST: &str = "Coko-Last";

/// A question as it is sent.
#[derive(Serialize, Deserialize)]
struct Question<Q> {
    /// Seconds since the epoch.
    asked_at: i64,
    question: Q,
}

/// An answer as it is sent.
#[derive(Serialize, Deserialize)]
enum Answer<A> {
    /// What was asked for.
    #[serde(rename = "ok")]
    Given(A),
    /// There is no such thing.
    #[serde(rename = "absent")]
    Absent,
    /// The role that was asked cannot answer now.
    #[serde(rename = "failed")]
    Failed,
}

/// From the bytes of a question to those of its answer; none for what is no question of ours.
type Work = Arc<dyn Fn(Vec<u8>) -> BoxFuture<'static, Option<Vec<u8>>> + Send + Sync>;

/// The subject on which `role` is asked about `topic`.
fn subject(role: &str, topic: &str) -> String {
    format!("coko-ask.{role}.{topic}")
}

/// Asks `role` about `topic`.
///
/// # Errors
/// `NOT_FOUND` when the role says that there is no such thing; `DOWNSTREAM_UNAVAILABLE` when it does not answer, or not this.
pub async fn ask<Q: Serialize, A: DeserializeOwned>(
    platform: &Platform,
    role: &str,
    topic: &str,
    question: &Q,
) -> Result<A> {
    let Bus::Nats(nats) = &platform.bus else {
        return Err(Error::unavailable("there is no broker"));
    };
    let question = Question {
        asked_at: platform.clock.now().unix_timestamp(),
        question,
    };
    let payload = serde_json::to_vec(&question).map_err(Error::internal)?;
    let bytes = exchange(nats, &platform.internal_key, role, topic, payload)
        .await
        .map_err(|reason| {
            Error::unavailable(format!("{role} was asked about {topic}: {reason}"))
        })?;
    let answer: Answer<A> = serde_json::from_slice(&bytes).map_err(Error::unavailable)?;
    match answer {
        Answer::Given(answer) => Ok(answer),
        Answer::Absent => Err(Error::not_found()),
        Answer::Failed => Err(Error::unavailable(format!(
            "{role} could not answer about {topic}"
        ))),
    }
}

/// Sends a question and collects the pieces of its answer.
async fn exchange(
    nats: &Nats,
    key: &InternalKey,
    role: &str,
    topic: &str,
    payload: Vec<u8>,
) -> std::result::Result<Vec<u8>, String> {
    let inbox = nats.client.new_inbox();
    let mut pieces = nats
        .client
        .subscribe(inbox.clone())
        .await
        .map_err(|error| error.to_string())?;
    let subject = subject(role, topic);
    let headers = signed(key, &subject, &payload);
    nats.client
        .publish_with_reply_and_headers(subject, inbox.clone(), headers, payload.into())
        .await
        .map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    loop {
        let piece = match tokio::time::timeout(PATIENCE, pieces.next()).await {
            Ok(Some(piece)) => piece,
            Ok(None) => return Err("the connection was closed".to_owned()),
            Err(_) => return Err("no answer came in time".to_owned()),
        };
        if piece.status == Some(StatusCode::NO_RESPONDERS) {
            return Err("nobody is there to answer".to_owned());
        }
        if bytes.len() + piece.payload.len() > MAX_ANSWER {
            return Err("the answer is too long".to_owned());
        }
        bytes.extend_from_slice(&piece.payload);
        let headers = piece.headers.unwrap_or_default();
        if headers.get(LAST).is_some() {
            return if is_signed(key, &inbox, &bytes, &headers) {
                Ok(bytes)
            } else {
                Err("the answer is not signed, or not whole".to_owned())
            };
        }
    }
}

/// Answers what others ask `role` about `topic`, as long as the role is served; of several processes, one answers each question.
pub fn answer<Q, A>(
    platform: &Platform,
    role: &'static str,
    topic: &'static str,
    answer: impl Fn(Q) -> BoxFuture<'static, Result<A>> + Send + Sync + 'static,
) -> Task
where
    Q: DeserializeOwned + Send + 'static,
    A: Serialize + Send + 'static,
{
    let clock = platform.clock.clone();
    let answer = Arc::new(answer);
    let work: Work = Arc::new(move |payload: Vec<u8>| {
        let (answer, now) = (answer.clone(), clock.now());
        async move {
            let question: Question<Q> = serde_json::from_slice(&payload).ok()?;
            if !is_fresh(question.asked_at, now) {
                return None;
            }
            let answered = match answer(question.question).await {
                Ok(given) => Answer::Given(given),
                Err(error) if error.code() == Code::NotFound => Answer::Absent,
                Err(error) => {
                    tracing::warn!(role, topic, %error, "a question could not be answered");
                    Answer::Failed
                }
            };
            serde_json::to_vec(&answered).ok()
        }
        .boxed()
    });
    let platform = platform.clone();
    Task::new("answers", move |stop| {
        let (platform, work) = (platform.clone(), work.clone());
        async move {
            let Bus::Nats(nats) = &platform.bus else {
                return;
            };
            while !stop.is_cancelled() {
                let heard = listen(nats, &platform.internal_key, (role, topic), &work, &stop).await;
                if let Err(error) = heard {
                    tracing::debug!(role, topic, error, "questions cannot be heard now");
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_secs(1)) => {}
                        () = stop.cancelled() => {}
                    }
                }
            }
        }
    })
}

/// Hears questions until `stop`, or until the subscription ends.
async fn listen(
    nats: &Nats,
    key: &InternalKey,
    (role, topic): (&str, &str),
    work: &Work,
    stop: &CancellationToken,
) -> std::result::Result<(), String> {
    let subject = subject(role, topic);
    let questions = nats
        .client
        .queue_subscribe(subject.clone(), role.to_owned())
        .await
        .map_err(|error| error.to_string())?;
    let subject = &subject;
    questions
        .take_until(stop.cancelled())
        .for_each_concurrent(AT_ONCE, |message| async move {
            let headers = message.headers.unwrap_or_default();
            let Some(inbox) = message.reply else { return };
            // Whoever does not have the key gets no answer, not even that there is none.
            if !is_signed(key, subject, &message.payload, &headers) {
                return;
            }
            if let Some(bytes) = work(message.payload.to_vec()).await
                && let Err(error) = reply(nats, key, inbox.as_str(), &bytes).await
            {
                tracing::debug!(error, "an answer could not be sent");
            }
        })
        .await;
    Ok(())
}

/// Sends an answer in pieces; the last is marked and carries the signature of the whole.
async fn reply(
    nats: &Nats,
    key: &InternalKey,
    inbox: &str,
    bytes: &[u8],
) -> std::result::Result<(), String> {
    let mut pieces = bytes.chunks(PIECE).peekable();
    while let Some(piece) = pieces.next() {
        let mut headers = HeaderMap::new();
        if pieces.peek().is_none() {
            headers = signed(key, inbox, bytes);
            headers.insert(LAST, "1");
        }
        nats.client
            .publish_with_headers(inbox.to_owned(), headers, piece.to_vec().into())
            .await
            .map_err(|error| error.to_string())?;
    }
    nats.client.flush().await.map_err(|error| error.to_string())
}

fn signed(key: &InternalKey, subject: &str, payload: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(SIGNATURE, hex::encode(key.sign(subject, payload)));
    headers
}

fn is_signed(key: &InternalKey, subject: &str, payload: &[u8], headers: &HeaderMap) -> bool {
    headers
        .get(SIGNATURE)
        .and_then(|signature| hex::decode(signature.as_str()).ok())
        .is_some_and(|signature| key.verify(subject, payload, &signature))
}

fn is_fresh(asked_at: i64, now: OffsetDateTime) -> bool {
    OffsetDateTime::from_unix_timestamp(asked_at).is_ok_and(|at| (now - at).abs() <= LIFE)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::config::Secret;

    #[test]
    fn only_what_is_signed_for_this_subject_counts() {
        let key = |text: &str| InternalKey::new(Secret::new(text.repeat(32))).unwrap();
        let headers = signed(&key("a"), "coko-ask.file.export", b"{}");
        let is = |key: &InternalKey, subject: &str, payload: &[u8]| {
            is_signed(key, subject, payload, &headers)
        };
        assert!(is(&key("a"), "coko-ask.file.export", b"{}"));
        assert!(!is(&key("b"), "coko-ask.file.export", b"{}"));
        assert!(!is(&key("a"), "coko-ask.auth.export", b"{}"));
        assert!(!is(&key("a"), "coko-ask.file.export", b"{ }"));
        assert!(!is_signed(
            &key("a"),
            "coko-ask.file.export",
            b"{}",
            &HeaderMap::new()
        ));
    }

    #[test]
    fn an_old_question_is_not_answered() {
        let now = datetime!(2026-02-01 09:00 UTC);
        assert!(is_fresh(now.unix_timestamp(), now));
        assert!(!is_fresh((now - LIFE * 2).unix_timestamp(), now));
        assert!(!is_fresh((now + LIFE * 2).unix_timestamp(), now));
        assert!(!is_fresh(i64::MAX, now));
    }
}
