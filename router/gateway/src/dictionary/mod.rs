//! Compression dictionaries (RFC 9842): answers that resemble each other are sent as their differences from one that the
//! client has.
//!
//! A client that fetched a dictionary names its SHA-256 in `Available-Dictionary`; an answer compressed with it has the
//! content encoding `dcz`. `dcb` is not offered: it needs an encoder that keeps a raw prefix apart from the window.

mod serve;
mod train;

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::{BufMut as _, Bytes, BytesMut};
use sha2::{Digest as _, Sha256};
use zstd::bulk::Compressor;
use zstd::dict::EncoderDictionary;

use crate::config::{CompressionConfig, ConfigError};

pub(crate) use self::serve::{download, dress};
use self::train::Training;

/// What a `dcz` answer begins with: a skippable Zstandard frame of 32 bytes, which are the dictionary's SHA-256 (RFC 9842,
/// section 5).
const DCZ_MAGIC: [u8; 8] = [0x5e, 0x2a, 0x4d, 0x18, 0x20, 0, 0, 0];

/// What a trained dictionary begins with. Without it the same bytes are a raw one, which is what the RFC means.
const TRAINED_MAGIC: [u8; 4] = [0x37, 0xa4, 0x30, 0xec];

/// One dictionary.
pub(crate) struct Dictionary {
    pub(crate) content: Bytes,
    pub(crate) digest: [u8; 32],
    prepared: EncoderDictionary<'static>,
}

impl Dictionary {
    fn new(content: &[u8], level: u8) -> io::Result<Self> {
        // After the magic number comes the dictionary's id.
        let is_trained = content.starts_with(&TRAINED_MAGIC);
        let raw = content.get(8..).filter(|_| is_trained).unwrap_or(content);
        Ok(Self {
            content: Bytes::copy_from_slice(raw),
            digest: Sha256::digest(raw).into(),
            prepared: EncoderDictionary::try_copy(raw, i32::from(level))?,
        })
    }

    /// An answer in the content encoding `dcz`.
    fn compress(&self, answer: &[u8]) -> io::Result<Bytes> {
        let frame = Compressor::with_prepared_dictionary(&self.prepared)?.compress(answer)?;
        let mut encoded = BytesMut::with_capacity(DCZ_MAGIC.len() + 32 + frame.len());
        encoded.put_slice(&DCZ_MAGIC);
        encoded.put_slice(&self.digest);
        encoded.put_slice(&frame);
        Ok(encoded.freeze())
    }
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
    fn an_answer_is_read_back_with_its_dictionary() {
        let raw = br#"{"data":{"books":[{"title":"","authors":[{"name":""}]}]}}"#;
        let mut trained = TRAINED_MAGIC.to_vec();
        trained.extend_from_slice(&[1, 0, 0, 0]);
        trained.extend_from_slice(raw);
        let answer = br#"{"data":{"books":[{"title":"Segou","authors":[{"name":"Maryse"}]}]}}"#;
        for content in [&raw[..], &trained] {
            let dictionary = Dictionary::new(content, 4).unwrap();
            assert_eq!(dictionary.content, raw[..]);
            let encoded = dictionary.compress(answer).unwrap();
            assert_eq!(encoded[..8], DCZ_MAGIC);
            assert_eq!(encoded[8..40], dictionary.digest);
            assert!(encoded.len() - 40 < answer.len());
            let mut decoder = zstd::bulk::Decompressor::with_dictionary(raw).unwrap();
            assert_eq!(decoder.decompress(&encoded[40..], 1000).unwrap(), answer);
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
