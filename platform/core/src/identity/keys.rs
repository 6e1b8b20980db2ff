//! Ed25519 keys by id: the private ones sign in auth, the public ones verify everywhere.

use biscuit_auth::builder::Algorithm;
use biscuit_auth::error::Format;
use biscuit_auth::{KeyPair, PrivateKey, PublicKey, RootKeyProvider};
use serde::{Deserialize, Serialize};

use crate::config::Secret;

/// A key that is not 32 bytes of hexadecimal after its id.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is not a key; expected <id>:<64 hexadecimal digits>, as `coko token keygen` prints it"
)]
pub struct KeyError(String);

/// A private root key: only auth has one.
pub struct RootKey {
    id: u32,
    pair: KeyPair,
}

impl RootKey {
    /// Makes a key from 32 random bytes.
    ///
    /// # Errors
    /// When the bytes are no Ed25519 seed, which 32 random bytes always are.
    pub fn from_seed(id: u32, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let private = PrivateKey::from_bytes(seed, Algorithm::Ed25519)
            .map_err(|error| KeyError(error.to_string()))?;
        Ok(Self {
            id,
            pair: KeyPair::from(&private),
        })
    }

    /// Reads `<id>:<hex>`.
    ///
    /// # Errors
    /// When the text has another form; the text is not repeated in the error.
    pub fn parse(text: &Secret) -> Result<Self, KeyError> {
        let malformed = || KeyError("<hidden>".to_owned());
        let (id, hex) = text.expose().trim().split_once(':').ok_or_else(malformed)?;
        let mut seed = [0; 32];
        hex::decode_to_slice(hex, &mut seed).map_err(|_| malformed())?;
        Self::from_seed(id.parse().map_err(|_| malformed())?, &seed)
    }

    /// The key's id, which tokens carry.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What verifiers need of it.
    pub fn published(&self) -> PublishedKey {
        PublishedKey {
            id: self.id,
            algorithm: "ed25519".to_owned(),
            key: self.pair.public().to_bytes_hex(),
        }
    }

    /// The Ed25519 signature (RFC 8032) of `message`, 64 bytes.
    ///
    /// # Errors
    /// Never for a key that could be read; the library's type allows it.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.pair
            .sign(message)
            .map(|signature| signature.to_bytes().to_vec())
            .map_err(|error| KeyError(error.to_string()))
    }

    pub(super) fn pair(&self) -> &KeyPair {
        &self.pair
    }
}

impl std::fmt::Debug for RootKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RootKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A public key as published at `/.well-known/biscuit-keys.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedKey {
    /// The root key id that tokens carry.
    pub id: u32,
    /// `ed25519`.
    pub algorithm: String,
    /// 32 bytes in hexadecimal.
    pub key: String,
}

/// The public keys that tokens are verified with.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<(u32, PublicKey)>);

impl KeySet {
    /// Reads published keys.
    ///
    /// # Errors
    /// When a key is not 32 bytes of hexadecimal.
    pub fn new(keys: &[PublishedKey]) -> Result<Self, KeyError> {
        keys.iter()
            .map(|key| {
                PublicKey::from_bytes_hex(&key.key, Algorithm::Ed25519)
                    .map(|public| (key.id, public))
                    .map_err(|_| KeyError(key.key.chars().take(70).collect()))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Reads `<id>:<hex>` keys separated by commas, as configuration has them.
    ///
    /// # Errors
    /// When a key has another form.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let keys = text
            .split(',')
            .map(str::trim)
            .filter(|key| !key.is_empty())
            .map(|key| {
                let malformed = || KeyError(key.chars().take(80).collect());
                let (id, hex) = key.split_once(':').ok_or_else(malformed)?;
                Ok(PublishedKey {
                    id: id.parse().map_err(|_| malformed())?,
                    algorithm: "ed25519".to_owned(),
                    key: hex.to_owned(),
                })
            })
            .collect::<Result<Vec<_>, KeyError>>()?;
        Self::new(&keys)
    }

    /// Whether no token can be verified.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl RootKeyProvider for &KeySet {
    fn choose(&self, key_id: Option<u32>) -> Result<PublicKey, Format> {
        match key_id {
            Some(id) => self.0.iter().find(|(known, _)| *known == id),
            // A token without an id was minted before keys had any; there is at most one such key.
            None => self.0.first().filter(|_| self.0.len() == 1),
        }
        .map(|(_, key)| *key)
        .ok_or(Format::UnknownPublicKey)
    }
}
