//! Signed links: what may be fetched without a token, by whoever was given the link, until a moment.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::InternalKey;

/// Longer than any link of ours.
const MAX_LENGTH: usize = 512;

#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    #[serde(flatten)]
    claims: T,
    /// When it ends, seconds since the epoch.
    #[serde(rename = "e")]
    ends_at: i64,
}

/// The signed text, which is fit for a path: base64url of the claims, a dot, base64url of the HMAC-SHA256. `about` keeps the
/// signatures of different uses apart; claims name no field `e`.
pub fn seal(
    key: &InternalKey,
    about: &str,
    claims: &impl Serialize,
    ends: OffsetDateTime,
) -> String {
    let sealed = Sealed {
        claims,
        ends_at: ends.unix_timestamp(),
    };
    let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&sealed).unwrap_or_default());
    let tag = URL_SAFE_NO_PAD.encode(key.sign(about, payload.as_bytes()));
    format!("{payload}.{tag}")
}

/// The claims, when the signature is right and the link has not ended.
pub fn open<T: DeserializeOwned>(
    key: &InternalKey,
    about: &str,
    text: &str,
    now: OffsetDateTime,
) -> Option<T> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let (payload, tag) = text.split_once('.')?;
    let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
    if !key.verify(about, payload.as_bytes(), &tag) {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let sealed: Sealed<T> = serde_json::from_slice(&payload).ok()?;
    (now.unix_timestamp() < sealed.ends_at).then_some(sealed.claims)
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::config::Secret;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Claims {
        n: u32,
    }

    #[test]
    fn only_a_genuine_link_opens_and_only_until_it_ends() {
        let key = |text: &str| InternalKey::new(Secret::new(text.repeat(40))).unwrap();
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let ends = now + Duration::minutes(1);
        let link = seal(&key("a"), "test", &Claims { n: 1 }, ends);
        let open = |link: &str, about, at| open::<Claims>(&key("a"), about, link, at);
        assert_eq!(open(&link, "test", now), Some(Claims { n: 1 }));
        assert_eq!(open(&link, "else", now), None);
        assert_eq!(open(&link, "test", ends), None);
        assert_eq!(super::open::<Claims>(&key("b"), "test", &link, now), None);
        let (payload, tag) = link.split_once('.').unwrap();
        let other = seal(&key("a"), "test", &Claims { n: 2 }, ends);
        let other = other.split_once('.').unwrap().0;
        for forged in [
            format!("{other}.{tag}"),
            format!("{payload}."),
            payload.to_owned(),
            String::new(),
            "é".repeat(300),
        ] {
            assert_eq!(open(&forged, "test", now), None, "{forged}");
        }
    }
}
