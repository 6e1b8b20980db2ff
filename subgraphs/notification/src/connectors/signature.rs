//! Proofs of origin: Twilio's HMAC-SHA1, SendGrid's ECDSA, and the RS256 by which we prove ours to Google.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use coko_core::config::Secret;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::Value;

/// What precedes the point in the SubjectPublicKeyInfo of a P-256 key (RFC 5480).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Whether `signature` is base64 of the HMAC-SHA1 of `message`; takes the same time whatever it is.
pub(super) fn hmac_sha1(secret: &Secret, message: &[u8], signature: &str) -> bool {
    let key = hmac::Key::new(
        hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        secret.expose().as_bytes(),
    );
    STANDARD
        .decode(signature)
        .is_ok_and(|tag| hmac::verify(&key, message, &tag).is_ok())
}

/// A key that verifies ECDSA signatures over P-256 with SHA-256.
pub(super) struct PublicKey(UnparsedPublicKey<Vec<u8>>);

impl PublicKey {
    /// Reads base64 of a SubjectPublicKeyInfo.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim()).ok()?;
        let point = bytes.strip_prefix(&P256)?;
        // Uncompressed: a mark and two coordinates.
        let sound = point.len() == 65 && point.first() == Some(&4);
        sound.then(|| {
            Self(UnparsedPublicKey::new(
                &ECDSA_P256_SHA256_ASN1,
                point.to_vec(),
            ))
        })
    }

    /// Whether `signature` is base64 of a DER signature of `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &str) -> bool {
        STANDARD
            .decode(signature)
            .is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}

/// A key that signs with RSASSA-PKCS1-v1_5 and SHA-256.
pub(super) struct PrivateKey(RsaKeyPair);

impl PrivateKey {
    /// Reads PKCS #8 in PEM, with line breaks or with `\n` in their place.
    pub(super) fn parse(pem: &Secret) -> Option<Self> {
        let text = pem.expose().replace("\\n", "\n");
        let lines = text.lines().map(str::trim);
        let body: String = lines.filter(|line| !line.starts_with("-----")).collect();
        let bytes = STANDARD.decode(body).ok()?;
        RsaKeyPair::from_pkcs8(&bytes).ok().map(Self)
    }

    /// A JSON Web Token (RFC 7519) of these claims; none when the machine has no randomness.
    pub(super) fn token(&self, claims: &Value) -> Option<String> {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let header = serde_json::json!({ "alg": "RS256", "typ": "JWT" });
        let signed = format!("{}.{}", part(&header), part(claims));
        let mut signature = vec![0; self.0.public().modulus_len()];
        let random = SystemRandom::new();
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &random,
                signed.as_bytes(),
                &mut signature,
            )
            .ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256,
    };

    use super::*;

    #[test]
    fn twilio_s_own_example_verifies() {
        // https://www.twilio.com/docs/usage/security#validating-requests
        let signed = "https://mycompany.com/myapp.php?foo=1&bar=2CallSidCA1234567890ABCDECaller+14158675310Digits1234From+14158675310To+18005551212";
        let secret = Secret::new("12345");
        let signature = "GvWf1cFY/Q7PnoempGyD5oXAezc=";
        let right = hmac_sha1(&secret, signed.as_bytes(), signature);
        let altered = signed.replace("1234567890", "1234567891");
        assert!(right);
        assert!(!hmac_sha1(&secret, altered.as_bytes(), signature));
        assert!(!hmac_sha1(
            &Secret::new("12346"),
            signed.as_bytes(),
            signature
        ));
        for bad in ["", "%", "GvWf1cFY"] {
            assert!(!hmac_sha1(&secret, signed.as_bytes(), bad), "{bad}");
        }
    }

    #[test]
    fn only_the_key_s_own_signature_verifies() {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let info = [&P256[..], pair.public_key().as_ref()].concat();
        let key = PublicKey::parse(&STANDARD.encode(info)).unwrap();
        let signature = pair.sign(&random, b"1800000000[]").unwrap();
        let signature = STANDARD.encode(signature.as_ref());
        assert!(key.verifies(b"1800000000[]", &signature));
        assert!(!key.verifies(b"1800000001[]", &signature));
        assert!(!key.verifies(b"1800000000[]", ""));
        for bad in ["", "AAAA", &STANDARD.encode(P256)] {
            assert!(PublicKey::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_service_account_signs_its_claims() {
        let pem = include_str!("../../tests/notification/service-account.pem");
        let in_one_line = pem.trim().replace('\n', "\\n");
        for text in [pem, &in_one_line] {
            let key = PrivateKey::parse(&Secret::new(text)).unwrap();
            let claims = serde_json::json!({ "iss": "coko@coko.example" });
            let token = key.token(&claims).unwrap();
            let (signed, signature) = token.rsplit_once('.').unwrap();
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.0.public());
            assert!(public.verify(signed.as_bytes(), &signature).is_ok());
            let (_, payload) = signed.split_once('.').unwrap();
            let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
            assert_eq!(serde_json::from_slice::<Value>(&payload).unwrap(), claims);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bad in [
            "",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            "%",
        ] {
            assert!(PrivateKey::parse(&Secret::new(bad)).is_none(), "{bad}");
        }
    }
}
