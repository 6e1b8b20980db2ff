//! What the gateway tells subgraphs of a request, signed, because a subgraph that is reached directly must not believe it.
//!
//! A narrowed token speaks of the client's operation, while a subgraph sees only its part. The gateway therefore sends the
//! operation's digest and the client's address in a header with an HMAC-SHA256 under a key that both share.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use time::{Duration, OffsetDateTime};

use super::verifier::OperationKind;
use crate::config::Secret;

/// The header that carries a sealed [`Envelope`].
pub const ENVELOPE_HEADER: &str = "coko-request";
/// How old an envelope may be: longer than any request's deadline, short enough that a leaked one is soon worthless.
const LIFE: Duration = Duration::minutes(2);

/// The key that gateway and subgraphs share.
#[derive(Clone, Debug)]
pub struct InternalKey(Secret);

impl InternalKey {
    /// Takes a secret of at least 32 characters.
    pub fn new(secret: Secret) -> Option<Self> {
        (secret.expose().len() >= 32).then_some(Self(secret))
    }

    fn mac(&self, payload: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose().as_bytes()).ok()?;
        mac.update(payload);
        Some(mac)
    }

    /// HMAC-SHA256 of `payload` for one use of the key; `context` keeps the signatures of different uses apart.
    pub fn sign(&self, context: &str, payload: &[u8]) -> Vec<u8> {
        self.mac(&contextual(context, payload))
            .map(|mac| mac.finalize().into_bytes().to_vec())
            .unwrap_or_default()
    }

    /// Whether `tag` is what [`InternalKey::sign`] makes of the same arguments; takes the same time whatever the tag is.
    pub fn verify(&self, context: &str, payload: &[u8], tag: &[u8]) -> bool {
        self.mac(&contextual(context, payload))
            .is_some_and(|mac| mac.verify_slice(tag).is_ok())
    }
}

/// A zero byte parts the context from the payload; neither an envelope nor a context holds one.
fn contextual(context: &str, payload: &[u8]) -> Vec<u8> {
    [context.as_bytes(), &[0], payload].concat()
}

/// Facts of one request as the gateway saw them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Identifies the request in every log.
    #[serde(rename = "i")]
    pub request_id: String,
    /// SHA-256 of the client's document, in hexadecimal.
    #[serde(rename = "o")]
    pub operation: String,
    /// What kind of operation the client runs.
    #[serde(rename = "k")]
    pub kind: OperationKind,
    /// The client's address.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// When it was sealed, seconds since the epoch.
    #[serde(rename = "t")]
    pub sealed_at: i64,
}

impl Envelope {
    /// The header value: base64url of the facts, a dot, base64url of the HMAC.
    pub fn seal(&self, key: &InternalKey) -> String {
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default());
        let tag = key
            .mac(payload.as_bytes())
            .map(|mac| URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
            .unwrap_or_default();
        format!("{payload}.{tag}")
    }

    /// Opens a header value; `None` unless the signature is right and fresh.
    pub fn open(value: &str, key: &InternalKey, now: OffsetDateTime) -> Option<Self> {
        if value.len() > 2048 {
            return None;
        }
        let (payload, tag) = value.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        key.mac(payload.as_bytes())?.verify_slice(&tag).ok()?;
        let envelope: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let age = now - OffsetDateTime::from_unix_timestamp(envelope.sealed_at).ok()?;
        (age.abs() <= LIFE).then_some(envelope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fresh_and_genuine_envelope_opens() {
        let key = |text: &str| InternalKey::new(Secret::new(text.repeat(32))).unwrap();
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let envelope = Envelope {
            request_id: "r".to_owned(),
            operation: "ab".to_owned(),
            kind: OperationKind::Query,
            address: "192.0.2.1".parse().ok(),
            sealed_at: now.unix_timestamp(),
        };
        let sealed = envelope.seal(&key("a"));
        assert_eq!(Envelope::open(&sealed, &key("a"), now), Some(envelope));
        assert_eq!(Envelope::open(&sealed, &key("b"), now), None);
        assert_eq!(
            Envelope::open(&sealed, &key("a"), now + Duration::minutes(3)),
            None
        );
        assert_eq!(
            Envelope::open(&sealed.replace('.', "A."), &key("a"), now),
            None
        );
        assert_eq!(Envelope::open("", &key("a"), now), None);
        assert!(InternalKey::new(Secret::new("short")).is_none());
    }
}
