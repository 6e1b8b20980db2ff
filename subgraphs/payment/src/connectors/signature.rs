//! Signatures of the form `t=<unix>,v1=<hex>[,v1=…]` (Wave, Stripe): HMAC-SHA256 over the time and the raw body.

use coko_core::config::Secret;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;

use super::NoticeError;

/// How far the signature's time may lie from ours, in seconds.
const TOLERANCE: i64 = 300;
/// Signatures that are looked at; more are there only while a secret rotates.
const MAX_SIGNATURES: usize = 4;

/// Checks `header` over `body`; `separator` stands between the time and the body (Stripe's dot, nothing for Wave).
///
/// # Errors
/// [`NoticeError::Signature`], alike for every reason.
pub(super) fn check(
    header: Option<&str>,
    separator: &str,
    body: &[u8],
    secret: &Secret,
    now: OffsetDateTime,
) -> Result<(), NoticeError> {
    let (stamp, signatures) = header.and_then(parse).ok_or(NoticeError::Signature)?;
    let at: i64 = stamp.parse().map_err(|_| NoticeError::Signature)?;
    if (now.unix_timestamp().saturating_sub(at)).saturating_abs() > TOLERANCE {
        return Err(NoticeError::Signature);
    }
    let expected = sign(secret, stamp, separator, body);
    let mut matches = subtle::Choice::from(0);
    for signature in signatures {
        // A malformed one equals nothing.
        let given = hex::decode(signature).unwrap_or_default();
        matches |= given.ct_eq(&expected);
    }
    if matches.into() {
        Ok(())
    } else {
        Err(NoticeError::Signature)
    }
}

fn parse(header: &str) -> Option<(&str, Vec<&str>)> {
    let parts = || {
        header
            .split(',')
            .filter_map(|part| part.trim().split_once('='))
    };
    let (_, stamp) = parts().find(|(key, _)| *key == "t")?;
    let signatures = parts()
        .filter(|(key, _)| *key == "v1")
        .map(|(_, value)| value);
    Some((stamp, signatures.take(MAX_SIGNATURES).collect()))
}

fn sign(secret: &Secret, stamp: &str, separator: &str, body: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(stamp.as_bytes());
    mac.update(separator.as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fresh_signature_over_these_bytes_passes() {
        let secret = Secret::new("whsec");
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let stamp = "1800000000";
        let good = hex::encode(sign(&secret, stamp, ".", b"body"));
        let header = format!("t={stamp},v1={good}");
        let passes = |header: &str, separator: &str, body: &[u8], at: OffsetDateTime| {
            check(Some(header), separator, body, &secret, at).is_ok()
        };
        assert!(passes(&header, ".", b"body", now));
        assert!(passes(
            &format!("t={stamp},v1=00,v1={good}"),
            ".",
            b"body",
            now
        ));
        assert!(passes(
            &header,
            ".",
            b"body",
            now + time::Duration::seconds(300)
        ));
        assert!(!passes(
            &header,
            ".",
            b"body",
            now + time::Duration::seconds(301)
        ));
        assert!(!passes(
            &header,
            ".",
            b"body",
            now - time::Duration::seconds(301)
        ));
        assert!(!passes(&header, "", b"body", now));
        assert!(!passes(&header, ".", b"bodY", now));
        for bad in [
            "",
            "t=",
            "t=x,v1=aa",
            "v1=aa",
            &format!("t={stamp}"),
            &format!("t=-1,v1={good}"),
            "t=9223372036854775807,v1=",
        ] {
            assert!(!passes(bad, ".", b"body", now), "{bad}");
        }
        assert!(check(None, ".", b"body", &secret, now).is_err());
    }
}
