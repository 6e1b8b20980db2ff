//! What a signed link permits: one thing, to one person, until a moment.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coko_core::identity::InternalKey;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// What our signatures under the shared key are about, so that none is taken for another's.
const CONTEXT: &str = "coko-file-link";
/// Longer than any link of ours.
const MAX_LENGTH: usize = 512;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// Send the bytes of a file.
    #[serde(rename = "u")]
    Upload,
    /// Fetch the whole of it.
    #[serde(rename = "d")]
    Download,
    /// Fetch what is inside an EPUB.
    #[serde(rename = "r")]
    Read,
}

/// The content of a signed link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// What it is for.
    #[serde(rename = "p")]
    pub purpose: Purpose,
    /// The file.
    #[serde(rename = "f")]
    pub file: Uuid,
    /// The person.
    #[serde(rename = "u")]
    pub user: Uuid,
    /// Whether that person may read every book.
    #[serde(rename = "s", default, skip_serializing_if = "std::ops::Not::not")]
    pub staff: bool,
    /// The row of the download.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub download: Option<Uuid>,
    /// When it ends, seconds since the epoch.
    #[serde(rename = "e")]
    pub expires_at: i64,
}

impl Claims {
    /// The signed text: base64url of the claims, a dot, base64url of the HMAC-SHA256.
    pub fn seal(&self, key: &InternalKey) -> String {
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default());
        let tag = URL_SAFE_NO_PAD.encode(key.sign(CONTEXT, payload.as_bytes()));
        format!("{payload}.{tag}")
    }

    /// The claims, when the signature is right, the link is for `purpose` and has not ended.
    pub fn open(
        text: &str,
        key: &InternalKey,
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Option<Self> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let (payload, tag) = text.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        if !key.verify(CONTEXT, payload.as_bytes(), &tag) {
            return None;
        }
        let claims: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        (claims.purpose == purpose && now.unix_timestamp() < claims.expires_at).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use coko_core::config::Secret;
    use time::Duration;

    use super::*;

    #[test]
    fn only_a_genuine_link_for_this_opens_and_only_until_it_ends() {
        let key = |text: &str| InternalKey::new(Secret::new(text.repeat(40))).unwrap();
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let claims = Claims {
            purpose: Purpose::Download,
            file: Uuid::from_u128(1),
            user: Uuid::from_u128(2),
            staff: false,
            download: Some(Uuid::from_u128(3)),
            expires_at: now.unix_timestamp() + 60,
        };
        let link = claims.seal(&key("a"));
        let open = |link: &str, purpose, at| Claims::open(link, &key("a"), purpose, at);
        assert_eq!(open(&link, Purpose::Download, now), Some(claims));
        assert_eq!(open(&link, Purpose::Upload, now), None);
        assert_eq!(
            open(&link, Purpose::Download, now + Duration::minutes(1)),
            None
        );
        assert_eq!(Claims::open(&link, &key("b"), Purpose::Download, now), None);
        let (payload, tag) = link.split_once('.').unwrap();
        let other = Claims {
            user: Uuid::from_u128(9),
            ..claims
        }
        .seal(&key("b"));
        let other = other.split_once('.').unwrap().0;
        for forged in [
            format!("{other}.{tag}"),
            format!("{payload}."),
            payload.to_owned(),
            String::new(),
            "é".repeat(300),
        ] {
            assert_eq!(open(&forged, Purpose::Download, now), None, "{forged}");
        }
    }
}
