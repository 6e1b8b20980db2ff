//! Licences to read offline: signed, so that a device can check one without asking anyone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coko_core::identity::{KeyError, PublishedKey, RootKey};
use diesel::prelude::*;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::entitlement::{Entitlement, Source};
use crate::tables::licenses;

/// How long a licence lasts.
const LASTS: Duration = Duration::days(14);
/// How long a licence lasts at least where the subscription that it comes from is about to end.
const AT_LEAST: Duration = Duration::days(1);
/// Devices of one reader with licences that run.
pub(crate) const MAX_DEVICES: usize = 5;
/// Devices that a reader may take off the list in [`RELEASE_WINDOW`].
pub(crate) const MAX_RELEASES: i64 = 3;
/// See [`MAX_RELEASES`].
pub(crate) const RELEASE_WINDOW: Duration = Duration::days(30);
/// Longest name of a device.
pub(crate) const MAX_NAME: usize = 80;

/// A licence of one device for one book.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = licenses, treat_none_as_null = true)]
pub(crate) struct License {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) book_id: Uuid,
    pub(crate) device_id: Uuid,
    pub(crate) device_name: String,
    pub(crate) issued_at: OffsetDateTime,
    pub(crate) renewed_at: OffsetDateTime,
    pub(crate) expires_at: OffsetDateTime,
    pub(crate) released_at: Option<OffsetDateTime>,
}

/// When a licence that comes from `right` ends: after two weeks, and no later than what is paid where that is a
/// subscription.
pub(crate) fn expiry(
    right: &Entitlement,
    period_end: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> OffsetDateTime {
    let usual = now + LASTS;
    match period_end.filter(|_| right.source == Source::Subscription) {
        Some(end) => usual.min(end.max(now + AT_LEAST)),
        None => usual,
    }
}

impl License {
    /// What the device keeps: a JSON Web Signature in compact form (RFC 7515) with EdDSA (RFC 8037), whose claims are those
    /// of a JWT and the book and device.
    ///
    /// # Errors
    /// As [`RootKey::sign`].
    pub(crate) fn signed(&self, key: &RootKey, issuer: &str) -> Result<String, KeyError> {
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": key.id().to_string() });
        let claims = json!({
            "iss": issuer,
            "jti": self.id,
            "sub": self.user_id,
            "book": self.book_id,
            "device": self.device_id,
            "iat": self.renewed_at.unix_timestamp(),
            "exp": self.expires_at.unix_timestamp(),
        });
        let signed = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = key.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The keys that licences are checked with, as a JWK set (RFC 7517, RFC 8037).
pub(crate) fn key_set(keys: &[PublishedKey]) -> Value {
    let keys = keys.iter().filter_map(|key| {
        let bytes = (0..key.key.len() / 2)
            .map(|at| u8::from_str_radix(key.key.get(at * 2..at * 2 + 2)?, 16).ok())
            .collect::<Option<Vec<u8>>>()?;
        Some(json!({
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
            "kid": key.id.to_string(), "x": URL_SAFE_NO_PAD.encode(bytes),
        }))
    });
    json!({ "keys": keys.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn right(source: Source) -> Entitlement {
        Entitlement {
            user_id: Uuid::from_u128(1),
            book_id: Uuid::from_u128(2),
            source,
            source_id: Uuid::nil(),
            granted_at: None,
            revoked_at: None,
            reason: None,
        }
    }

    #[test]
    fn a_licence_does_not_outlive_what_is_paid() {
        let now = datetime!(2026-02-01 00:00 UTC);
        let in_days = |days| Some(now + Duration::days(days));
        let end = |source, period| expiry(&right(source), period, now) - now;
        assert_eq!(end(Source::Purchased, None), Duration::days(14));
        assert_eq!(end(Source::Purchased, in_days(3)), Duration::days(14));
        assert_eq!(end(Source::Subscription, in_days(30)), Duration::days(14));
        assert_eq!(end(Source::Subscription, in_days(3)), Duration::days(3));
        assert_eq!(end(Source::Subscription, in_days(-1)), Duration::days(1));
    }
}
