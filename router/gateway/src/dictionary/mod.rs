//! Compression dictionaries (RFC 9842): answers that resemble each other are sent as their differences from one that the
//! client has.
//!
//! A client that fetched a dictionary names its SHA-256 in `Available-Dictionary`; an answer compressed with it has the
//! content encoding `dcz` (Zstandard) or `dcb` (Brotli).

mod coding;
mod serve;
mod train;

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use zstd::dict::EncoderDictionary;

use crate::config::{CompressionConfig, ConfigError};

pub(crate) use self::serve::{download, dress};
use self::train::Training;
pub use self::train::train as train_dictionary;

/// What a trained dictionary begins with. Without it the same bytes are a raw one, which is what the RFC means.
const TRAINED_MAGIC: [u8; 4] = [0x37, 0xa4, 0x30, 0xec];

/// One dictionary.
pub(crate) struct Dictionary {
    pub(crate) content: Bytes,
    pub(crate) digest: [u8; 32],
    level: u8,
    prepared: EncoderDictionary<'static>,
}

impl Dictionary {
    fn new(content: &[u8], level: u8) -> io::Result<Self> {
        let raw = raw(content);
        Ok(Self {
            content: Bytes::copy_from_slice(raw),
            digest: Sha256::digest(raw).into(),
            level,
            prepared: EncoderDictionary::try_copy(raw, i32::from(level))?,
        })
    }
}

/// A dictionary without what tells a trained one apart, which is a magic number and after it the dictionary's id.
fn raw(content: &[u8]) -> &[u8] {
    let is_trained = content.starts_with(&TRAINED_MAGIC);
    content.get(8..).filter(|_| is_trained).unwrap_or(content)
}

/// The dictionaries in use, newest first, and what the next one is made of.
pub(crate) struct Dictionaries {
    known: ArcSwap<Vec<Arc<Dictionary>>>,
    level: u8,
    kept: usize,
    training: Option<Training>,
}

impl Dictionaries {
    /// Reads the configured files; `None` when dictionaries are off.
    ///
    /// # Errors
    /// [`ConfigError::Setting`] for a file that cannot be read.
    pub(crate) fn load(config: &CompressionConfig) -> Result<Option<Arc<Self>>, ConfigError> {
        let own = &config.dictionaries;
        if !config.enabled || !own.enabled {
            return Ok(None);
        }
        let dictionaries = Self {
            known: ArcSwap::default(),
            level: config.level,
            kept: own.kept.max(own.files.len()),
            training: own.train.then(|| Training::new(own)),
        };
        for path in &own.files {
            let read = std::fs::read(path)
                .and_then(|content| Dictionary::new(&content, config.level))
                .map_err(|error| ConfigError::Setting {
                    setting: "compression.dictionaries.files",
                    found: format!("{} ({error})", path.display()),
                    expected: "files that can be read",
                })?;
            dictionaries.publish(read);
        }
        Ok(Some(Arc::new(dictionaries)))
    }

    /// The one that clients are told to fetch.
    fn newest(&self) -> Option<Arc<Dictionary>> {
        self.known.load().first().cloned()
    }

    /// The one with this digest.
    fn find(&self, digest: &[u8]) -> Option<Arc<Dictionary>> {
        let known = self.known.load();
        known.iter().find(|one| one.digest == digest).cloned()
    }

    fn publish(&self, dictionary: Dictionary) {
        let dictionary = Arc::new(dictionary);
        self.known.rcu(|known| {
            let mut next = vec![dictionary.clone()];
            next.extend(
                known
                    .iter()
                    .filter(|one| one.digest != dictionary.digest)
                    .cloned(),
            );
            next.truncate(self.kept);
            next
        });
    }
}

/// The digest in `Available-Dictionary: :<base64>:` (RFC 9842, section 2.2).
fn named(value: &str) -> Option<[u8; 32]> {
    let text = value.trim().strip_prefix(':')?.strip_suffix(':')?;
    BASE64_STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trained_dictionary_is_a_raw_one_behind_its_head() {
        let mut trained = TRAINED_MAGIC.to_vec();
        trained.extend_from_slice(&[1, 0, 0, 0]);
        trained.extend_from_slice(b"{\"data\":");
        for content in [&b"{\"data\":"[..], &trained] {
            let dictionary = Dictionary::new(content, 4).unwrap();
            assert_eq!(dictionary.content, b"{\"data\":"[..]);
        }
    }

    #[test]
    fn a_digest_is_a_byte_sequence() {
        let text = BASE64_STANDARD.encode([7; 32]);
        assert_eq!(named(&format!(" :{text}: ")), Some([7; 32]));
        for bad in [
            "",
            "::",
            &text,
            ":AAAA:",
            ":not base64:",
            &format!("\"{text}\""),
        ] {
            assert_eq!(named(bad), None, "{bad}");
        }
    }
}
