//! What one role asks another over the broker, and the answers: for what no event may carry, such as the address of a person.
//!
//! Domains tell each other what happened by events, and the history of events is kept. This is for what is personal, or counts
//! only at this moment. A question goes to whichever process of the role is free, and both ways are sealed under a key that
//! derives from the one that the roles share: the broker and whoever else is connected to it learn nothing. An answer of any
//! length comes in pieces. Nothing is stored; who gets no answer asks again.

pub mod auth;

use std::sync::Arc;
use std::time::Duration;

use async_nats::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::config::Secret;
use crate::crypto::ColumnCipher;
use crate::ids::Entropy;
use crate::service::{Bus, Nats, Platform, Task};
use crate::{Code, Error, Result};

/// Bytes of text in one piece of an answer, well under the broker's default limit of a mebibyte.
const PIECE: usize = 256 * 1024;
/// A longer answer is not believed.
const MAX_ANSWER: usize = 512 * 1024 * 1024;
/// No question is longer.
const MAX_QUESTION: usize = 64 * 1024;
/// How long the next piece is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How old a question may be that is answered, in seconds.
const LIFE: i64 = 120;
/// Questions of one kind that a process answers at once.
const AT_ONCE: usize = 4;

/// Marks the last piece of an answer.
const LAST: &str = "Coko-Last";

/// From a sealed question to the sealed pieces of its answer; none for what is no genuine, fresh question.
pub(crate) type Answerer =
    Arc<dyn Fn(Vec<u8>) -> BoxFuture<'static, Option<Vec<Vec<u8>>>> + Send + Sync>;

/// A question on its way.
#[derive(Serialize, Deserialize)]
struct Asked<Q> {
    /// The answer is sealed for this question alone.
    id: Uuid,
    /// When it was asked, seconds since the epoch.
    at: i64,
    question: Q,
}

/// An answer on its way.
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

/// What questions about one topic and their answers are sealed with.
#[derive(Clone)]
struct Line {
    /// The subject that is asked on; no stream keeps it.
    subject: String,
    cipher: Arc<ColumnCipher>,
    entropy: Entropy,
}

impl Line {
    fn new(platform: &Platform, role: &str, topic: &str) -> Self {
        let derive = |purpose: &[u8]| platform.internal_key.sign("coko-ask", purpose);
        let ring = Secret::new(format!("1:{}", STANDARD.encode(derive(b"seal"))));
        let lookup = Secret::new(hex::encode(derive(b"lookup")));
        let cipher = ColumnCipher::new(&ring, &lookup).expect("a derived key has 32 bytes");
        Self {
            subject: format!("coko-ask.{role}.{topic}"),
            cipher: Arc::new(cipher),
            entropy: platform.entropy.clone(),
        }
    }

    fn seal(&self, purpose: &str, text: &str) -> Vec<u8> {
        self.cipher.seal(&self.entropy, purpose, text)
    }

    /// A question that is genuine and fresh.
    fn open<Q: DeserializeOwned>(&self, sealed: &[u8], now: i64) -> Option<Asked<Q>> {
        if sealed.len() > MAX_QUESTION {
            return None;
        }
        let text = self.cipher.open(&self.subject, sealed).ok()?;
        let asked: Asked<Q> = serde_json::from_str(&text).ok()?;
        (now.saturating_sub(asked.at).saturating_abs() <= LIFE).then_some(asked)
    }

    /// The answer to one question, in pieces that fit together in one way.
    fn cut(&self, question: Uuid, mut text: &str) -> Vec<Vec<u8>> {
        let mut pieces = Vec::with_capacity(text.len() / PIECE + 1);
        loop {
            let (piece, rest) = text.split_at(text.floor_char_boundary(PIECE));
            let purpose = self.piece(question, pieces.len(), rest.is_empty());
            pieces.push(self.seal(&purpose, piece));
            if rest.is_empty() {
                return pieces;
            }
            text = rest;
        }
    }

    /// What the pieces say; none unless they are all of the answer to this question, in their order.
    fn join(&self, question: Uuid, pieces: &[Vec<u8>]) -> Option<String> {
        let mut text = String::new();
        for (index, sealed) in pieces.iter().enumerate() {
            let purpose = self.piece(question, index, index + 1 == pieces.len());
            text.push_str(&self.cipher.open(&purpose, sealed).ok()?);
        }
        Some(text)
    }

    fn piece(&self, question: Uuid, index: usize, is_last: bool) -> String {
        format!("{}:{question}:{index}:{is_last}", self.subject)
    }
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
    let failed =
        |reason: &str| Error::unavailable(format!("{role} was asked about {topic}: {reason}"));
    let line = Line::new(platform, role, topic);
    let now = platform.clock.now();
    let asked = Asked {
        id: platform.entropy.uuid(now),
        at: now.unix_timestamp(),
        question,
    };
    let text = serde_json::to_string(&asked).map_err(Error::internal)?;
    let sealed = line.seal(&line.subject, &text);
    let pieces = match &platform.bus {
        Bus::Nats(nats) => exchange(nats, line.subject.clone(), sealed)
            .await
            .map_err(|reason| failed(&reason))?,
        Bus::Recording(recording) => recording
            .ask(&line.subject, sealed)
            .await
            .ok_or_else(|| failed("nobody is there to answer"))?,
    };
    let text = line
        .join(asked.id, &pieces)
        .ok_or_else(|| failed("the answer is not genuine, or not whole"))?;
    match serde_json::from_str(&text).map_err(Error::unavailable)? {
        Answer::Given(answer) => Ok(answer),
        Answer::Absent => Err(Error::not_found()),
        Answer::Failed => Err(failed("it cannot answer now")),
    }
}

/// Sends a question and collects the pieces of its answer.
async fn exchange(
    nats: &Nats,
    subject: String,
    question: Vec<u8>,
) -> std::result::Result<Vec<Vec<u8>>, String> {
    let inbox = nats.client.new_inbox();
    let mut answers = nats
        .client
        .subscribe(inbox.clone())
        .await
        .map_err(|error| error.to_string())?;
    nats.client
        .publish_with_reply(subject, inbox, question.into())
        .await
        .map_err(|error| error.to_string())?;
    let (mut pieces, mut size) = (Vec::new(), 0);
    loop {
        let piece = match tokio::time::timeout(PATIENCE, answers.next()).await {
            Ok(Some(piece)) => piece,
            Ok(None) => return Err("the connection was closed".to_owned()),
            Err(_) => return Err("no answer came in time".to_owned()),
        };
        if piece.status == Some(StatusCode::NO_RESPONDERS) {
            return Err("nobody is there to answer".to_owned());
        }
        size += piece.payload.len();
        if size > MAX_ANSWER {
            return Err("the answer is too long".to_owned());
        }
        pieces.push(piece.payload.to_vec());
        let headers = piece.headers.as_ref();
        if headers.is_some_and(|headers| headers.get(LAST).is_some()) {
            return Ok(pieces);
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
    let line = Line::new(platform, role, topic);
    let subject = line.subject.clone();
    let (clock, answer) = (platform.clock.clone(), Arc::new(answer));
    let answerer: Answerer = Arc::new(move |sealed: Vec<u8>| {
        let (line, answer) = (line.clone(), answer.clone());
        let now = clock.now().unix_timestamp();
        async move {
            let Asked { id, question, .. } = line.open::<Q>(&sealed, now)?;
            let answered = match answer(question).await {
                Ok(given) => Answer::Given(given),
                Err(error) if error.code() == Code::NotFound => Answer::Absent,
                Err(error) => {
                    tracing::warn!(role, topic, %error, "a question could not be answered");
                    Answer::Failed
                }
            };
            let text = serde_json::to_string(&answered).ok()?;
            Some(line.cut(id, &text))
        }
        .boxed()
    });
    if let Bus::Recording(recording) = &platform.bus {
        recording.answer(subject.clone(), answerer.clone());
    }
    let bus = platform.bus.clone();
    Task::new("answers", move |stop| {
        let (bus, subject, answerer) = (bus.clone(), subject.clone(), answerer.clone());
        async move {
            let Bus::Nats(nats) = &bus else {
                return stop.cancelled().await;
            };
            while !stop.is_cancelled() {
                if let Err(error) = listen(nats, role, &subject, &answerer, &stop).await {
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
    role: &str,
    subject: &str,
    answerer: &Answerer,
    stop: &CancellationToken,
) -> std::result::Result<(), String> {
    let questions = nats
        .client
        .queue_subscribe(subject.to_owned(), role.to_owned())
        .await
        .map_err(|error| error.to_string())?;
    questions
        .take_until(stop.cancelled())
        .for_each_concurrent(AT_ONCE, |message| async move {
            let Some(inbox) = message.reply else { return };
            // Whoever does not have the key gets no answer, not even that there is none.
            if let Some(pieces) = answerer(message.payload.to_vec()).await
                && let Err(error) = reply(nats, inbox.as_str(), pieces).await
            {
                tracing::debug!(error, "an answer could not be sent");
            }
        })
        .await;
    Ok(())
}

/// Sends the pieces of an answer; the last is marked.
async fn reply(nats: &Nats, inbox: &str, pieces: Vec<Vec<u8>>) -> std::result::Result<(), String> {
    let mut pieces = pieces.into_iter().peekable();
    while let Some(piece) = pieces.next() {
        let mut headers = HeaderMap::new();
        if pieces.peek().is_none() {
            headers.insert(LAST, "1");
        }
        nats.client
            .publish_with_headers(inbox.to_owned(), headers, piece.into())
            .await
            .map_err(|error| error.to_string())?;
    }
    nats.client.flush().await.map_err(|error| error.to_string())
}

#[cfg(test)]
#[cfg(feature = "testkit")]
mod tests {
    use super::*;
    use crate::testkit::TestPlatform;

    #[test]
    fn pieces_fit_together_in_one_way() {
        let line = Line::new(&TestPlatform::new().platform, "file", "export");
        let question = Uuid::from_u128(1);
        // A piece would end within a letter.
        let text = format!("x{}", "é".repeat(PIECE));
        let pieces = line.cut(question, &text);
        assert_eq!(pieces.len(), 3);
        assert_eq!(line.join(question, &pieces).as_deref(), Some(text.as_str()));
        let swapped = [pieces[1].clone(), pieces[0].clone(), pieces[2].clone()];
        for wrong in [&swapped[..], &pieces[..2], &pieces[1..]] {
            assert_eq!(line.join(question, wrong), None);
        }
        assert_eq!(line.join(Uuid::from_u128(2), &pieces), None);
        assert_eq!(
            line.join(question, &line.cut(question, "")).as_deref(),
            Some("")
        );
    }

    #[test]
    fn only_a_fresh_question_about_this_is_heard() {
        let platform = TestPlatform::new().platform;
        let line = Line::new(&platform, "file", "export");
        let sealed = line.seal(
            &line.subject,
            r#"{"id":"00000000-0000-0000-0000-000000000001","at":1000,"question":7}"#,
        );
        assert!(line.open::<u8>(&sealed, 1000 + LIFE).is_some());
        assert!(line.open::<u8>(&sealed, 1001 + LIFE).is_none());
        assert!(line.open::<u8>(&sealed, i64::MIN).is_none());
        let elsewhere = Line::new(&platform, "auth", "export");
        assert!(elsewhere.open::<u8>(&sealed, 1000).is_none());
        assert!(line.open::<u8>(&sealed[1..], 1000).is_none());
    }
}
