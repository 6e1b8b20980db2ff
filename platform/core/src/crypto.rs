//! Encryption of sensitive columns (phone numbers, payment references, provider tokens) and their blind lookup.
//!
//! A sealed value is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce, and carries the id of its key, so that
//! keys rotate: new values are sealed under the current key, old ones stay readable until they are sealed again. The
//! column's name is authenticated with the value, so that a value moved to another column does not open. Equality
//! lookup goes through [`ColumnCipher::blind_index`], a keyed hash that never rotates with the encryption keys.

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::config::Secret;
use crate::ids::Entropy;

/// First byte of every sealed value: the layout `version ‖ id length ‖ id ‖ nonce ‖ ciphertext and tag`.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;

/// Seals and opens the sensitive columns of one database.
pub struct ColumnCipher {
    /// The current key first, then those that still open old values.
    keys: Vec<(String, Aes256Gcm)>,
    lookup: Hmac<Sha256>,
}

/// Why a key ring or a sealed value is not usable. No variant carries key material or plaintext.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// The configured key ring does not parse.
    #[error(
        "the key ring is not usable: {0}; expected `id:base64,…` with 32-byte keys, the current one first"
    )]
    Ring(&'static str),
    /// The stored bytes are not in the sealed layout.
    #[error("a sealed value is malformed")]
    Malformed,
    /// The value was sealed with a key that is no longer configured.
    #[error("a value was sealed with the key `{0}`, which is not configured")]
    UnknownKey(String),
    /// The value was altered, or belongs to another column.
    #[error("a sealed value does not open")]
    Tampered,
}

impl ColumnCipher {
    /// Reads a key ring `id:base64,id:base64` (current key first, 32 bytes each) and the secret of blind lookups.
    ///
    /// # Errors
    /// [`CryptoError::Ring`] when an id is missing, repeated or longer than 64 bytes, or a key is not 32 bytes.
    pub fn new(ring: &Secret, lookup_key: &Secret) -> Result<Self, CryptoError> {
        let mut keys: Vec<(String, Aes256Gcm)> = Vec::new();
        for entry in ring
            .expose()
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
        {
            let (id, key) = entry
                .split_once(':')
                .ok_or(CryptoError::Ring("a key has no id"))?;
            if id.is_empty() || id.len() > 64 {
                return Err(CryptoError::Ring("a key id is empty or too long"));
            }
            if keys.iter().any(|(known, _)| known == id) {
                return Err(CryptoError::Ring("a key id is used twice"));
            }
            let bytes = decode(key).ok_or(CryptoError::Ring("a key is not base64"))?;
            let cipher = Aes256Gcm::new_from_slice(&bytes)
                .map_err(|_| CryptoError::Ring("a key is not 32 bytes"))?;
            keys.push((id.to_owned(), cipher));
        }
        if keys.is_empty() {
            return Err(CryptoError::Ring("it holds no key"));
        }
        let lookup_key = lookup_key.expose();
        if lookup_key.len() < 32 {
            return Err(CryptoError::Ring(
                "the lookup key is shorter than 32 characters",
            ));
        }
        let lookup = <Hmac<Sha256> as Mac>::new_from_slice(lookup_key.as_bytes())
            .map_err(|_| CryptoError::Ring("the lookup key is not usable"))?;
        Ok(Self { keys, lookup })
    }

    /// Makes a ring of one fresh key, in the form that [`ColumnCipher::new`] reads.
    pub fn generate_ring(id: &str, entropy: &Entropy) -> Secret {
        Secret::new(format!("{id}:{}", STANDARD.encode(entropy.bytes::<32>())))
    }

    /// Encrypts `plaintext` for `column` (`users.phone`) under the current key.
    pub fn seal(&self, entropy: &Entropy, column: &str, plaintext: &str) -> Vec<u8> {
        let (id, cipher) = &self.keys[0];
        let nonce: [u8; NONCE_BYTES] = entropy.bytes();
        let payload = Payload {
            msg: plaintext.as_bytes(),
            aad: column.as_bytes(),
        };
        let sealed = cipher
            .encrypt(&Nonce::from(nonce), payload)
            .expect("AES-GCM refuses only texts beyond 64 GiB");
        let mut out = Vec::with_capacity(2 + id.len() + NONCE_BYTES + sealed.len());
        out.push(VERSION);
        out.push(u8::try_from(id.len()).expect("key ids are at most 64 bytes"));
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out
    }

    /// Decrypts a value that [`ColumnCipher::seal`] made for the same `column`.
    ///
    /// # Errors
    /// When the bytes are malformed, altered, of another column, or sealed with a retired key.
    pub fn open(&self, column: &str, sealed: &[u8]) -> Result<String, CryptoError> {
        let (id, rest) = split(sealed)?;
        let (nonce, ciphertext) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(CryptoError::Malformed)?;
        let (_, cipher) = self
            .keys
            .iter()
            .find(|(known, _)| known == id)
            .ok_or_else(|| CryptoError::UnknownKey(id.to_owned()))?;
        let payload = Payload {
            msg: ciphertext,
            aad: column.as_bytes(),
        };
        let plaintext = cipher
            .decrypt(&Nonce::from(*nonce), payload)
            .map_err(|_| CryptoError::Tampered)?;
        String::from_utf8(plaintext).map_err(|_| CryptoError::Tampered)
    }

    /// Whether a value was sealed under an older key and should be sealed again when it is next written.
    pub fn is_stale(&self, sealed: &[u8]) -> bool {
        split(sealed).is_ok_and(|(id, _)| id != self.keys[0].0)
    }

    /// A keyed hash (HMAC-SHA256) of `text` in `column`, for unique indexes and equality lookups.
    pub fn blind_index(&self, column: &str, text: &str) -> Vec<u8> {
        let mut mac = self.lookup.clone();
        mac.update(column.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

impl fmt::Debug for ColumnCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.keys.iter().map(|(id, _)| id);
        f.write_str("ColumnCipher")?;
        f.debug_list().entries(ids).finish()
    }
}

/// SHA-256 of a bearer secret, as tokens are stored: what leaks from a database cannot be replayed.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD
        .decode(text)
        .or_else(|_| URL_SAFE_NO_PAD.decode(text))
        .ok()
}

fn split(sealed: &[u8]) -> Result<(&str, &[u8]), CryptoError> {
    let [VERSION, length, rest @ ..] = sealed else {
        return Err(CryptoError::Malformed);
    };
    let (id, rest) = rest
        .split_at_checked(usize::from(*length))
        .ok_or(CryptoError::Malformed)?;
    let id = std::str::from_utf8(id).map_err(|_| CryptoError::Malformed)?;
    Ok((id, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup() -> Secret {
        Secret::new("a lookup key of the tests, 32+ characters")
    }

    #[test]
    fn a_value_opens_in_its_column_only() {
        let entropy = Entropy::seeded(1);
        let ring = ColumnCipher::generate_ring("k1", &entropy);
        let cipher = ColumnCipher::new(&ring, &lookup()).unwrap();
        let sealed = cipher.seal(&entropy, "users.phone", "+221770000000");
        assert_eq!(
            cipher.open("users.phone", &sealed).unwrap(),
            "+221770000000"
        );
        assert!(matches!(
            cipher.open("users.email", &sealed),
            Err(CryptoError::Tampered)
        ));
        assert_ne!(
            sealed,
            cipher.seal(&entropy, "users.phone", "+221770000000")
        );
        for cut in 0..sealed.len() {
            assert!(
                cipher.open("users.phone", &sealed[..cut]).is_err(),
                "cut at {cut}"
            );
        }
        for flipped in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[flipped] ^= 1;
            assert!(
                cipher.open("users.phone", &altered).is_err(),
                "flipped at {flipped}"
            );
        }
    }

    #[test]
    fn keys_rotate_by_id_and_the_lookup_stays() {
        let entropy = Entropy::seeded(2);
        let old = ColumnCipher::generate_ring("old", &entropy);
        let new = ColumnCipher::generate_ring("new", &entropy);
        let before = ColumnCipher::new(&old, &lookup()).unwrap();
        let both = Secret::new(format!("{},{}", new.expose(), old.expose()));
        let after = ColumnCipher::new(&both, &lookup()).unwrap();
        let sealed = before.seal(&entropy, "c", "x");
        assert_eq!(after.open("c", &sealed).unwrap(), "x");
        assert!(after.is_stale(&sealed));
        assert!(!after.is_stale(&after.seal(&entropy, "c", "x")));
        assert_eq!(before.blind_index("c", "x"), after.blind_index("c", "x"));
        assert_ne!(after.blind_index("c", "x"), after.blind_index("d", "x"));
        let retired = ColumnCipher::new(&new, &lookup()).unwrap();
        assert!(
            matches!(retired.open("c", &sealed), Err(CryptoError::UnknownKey(id)) if id == "old")
        );
    }

    #[test]
    fn a_bad_ring_is_refused_and_not_shown() {
        let short = STANDARD.encode([0; 16]);
        let good = STANDARD.encode([0; 32]);
        for ring in [
            "",
            "nokey",
            ":AAAA",
            "a:%%%",
            &format!("a:{short}"),
            &format!("a:{good},a:{good}"),
        ] {
            let error = ColumnCipher::new(&Secret::new(ring), &lookup()).unwrap_err();
            assert!(!error.to_string().contains(&short), "{ring}");
        }
        let weak = ColumnCipher::new(&Secret::new(format!("a:{good}")), &Secret::new("short"));
        assert!(weak.is_err());
    }
}
