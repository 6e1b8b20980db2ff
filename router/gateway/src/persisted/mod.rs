//! Persisted operations: documents that clients name instead of sending.
//!
//! [`manifest`] reads the three formats; [`Documents`] holds what manifests, the registry and clients themselves (APQ)
//! registered. Who may run what is decided in the `resolve` stage.

mod manifest;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use sha2::{Digest as _, Sha256};

use crate::config::{ConfigError, PersistedConfig};

pub use manifest::parse as parse_manifest;

/// A document with its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) text: Arc<str>,
    /// SHA-256 of the text.
    pub(crate) digest: [u8; 32],
}

impl Document {
    pub(crate) fn new(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let digest = Sha256::digest(text.as_bytes()).into();
        Self { text, digest }
    }

    /// The digest in hexadecimal, as facts, headers and logs have it.
    pub(crate) fn hash(&self) -> String {
        hex::encode(self.digest)
    }
}

/// The documents of manifests, by id and by digest.
#[derive(Debug, Default)]
struct Known {
    by_id: HashMap<String, Document>,
    by_digest: HashMap<[u8; 32], Document>,
}

/// Every document that can be named.
#[derive(Debug)]
pub(crate) struct Documents {
    known: ArcSwap<Known>,
    files: Vec<PathBuf>,
    automatic: Option<moka::sync::Cache<[u8; 32], Document>>,
}

impl Documents {
    /// Reads the configured manifests.
    ///
    /// # Errors
    /// [`ConfigError::Manifest`] for the first file that cannot be used.
    pub(crate) fn load(config: &PersistedConfig) -> Result<Self, ConfigError> {
        let automatic = config.automatic.then(|| {
            moka::sync::Cache::builder()
                .max_capacity(config.automatic_bytes)
                .weigher(|_, document: &Document| {
                    u32::try_from(document.text.len() + 100).unwrap_or(u32::MAX)
                })
                .build()
        });
        let documents = Self {
            known: ArcSwap::default(),
            files: config.files.clone(),
            automatic,
        };
        documents.reload(&HashMap::new())?;
        Ok(documents)
    }

    /// Reads the manifests again, and adds `published` to them. What was known stays if a file cannot be used.
    ///
    /// # Errors
    /// [`ConfigError::Manifest`] for the first file that cannot be used.
    pub(crate) fn reload(&self, published: &HashMap<String, String>) -> Result<usize, ConfigError> {
        let mut known = Known::default();
        for path in &self.files {
            let fault = |reason: String| ConfigError::Manifest {
                path: path.clone(),
                reason,
            };
            let bytes = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
            for (id, text) in parse_manifest(&bytes).map_err(fault)? {
                known.add(id, text);
            }
        }
        for (id, text) in published {
            known.add(id.clone(), text.clone());
        }
        let count = known.by_id.len();
        self.known.store(Arc::new(known));
        Ok(count)
    }

    /// The document of a manifest called `id`, or with that digest in hexadecimal (`sha256:` may precede it).
    pub(crate) fn named(&self, id: &str) -> Option<Document> {
        let known = self.known.load();
        let id = id.strip_prefix("sha256:").unwrap_or(id);
        known
            .by_id
            .get(id)
            .or_else(|| known.by_digest.get(&parse_digest(id)?))
            .cloned()
    }

    /// Whether a manifest has this document.
    pub(crate) fn contains(&self, document: &Document) -> bool {
        self.known.load().by_digest.contains_key(&document.digest)
    }

    /// Whether a manifest has the document with this digest in hexadecimal.
    pub(crate) fn has_digest(&self, hash: &str) -> bool {
        let known = self.known.load();
        parse_digest(hash).is_some_and(|digest| known.by_digest.contains_key(&digest))
    }

    /// The documents of the manifests, in the order of their ids.
    pub(crate) fn persisted(&self) -> Vec<Document> {
        let known = self.known.load();
        let mut documents: Vec<(&String, &Document)> = known.by_id.iter().collect();
        documents.sort_unstable_by_key(|(id, _)| *id);
        documents
            .into_iter()
            .map(|(_, document)| document.clone())
            .collect()
    }

    /// Whether clients may register documents.
    pub(crate) fn is_automatic(&self) -> bool {
        self.automatic.is_some()
    }

    /// A document that a client registered.
    pub(crate) fn registered(&self, hash: &str) -> Option<Document> {
        self.automatic.as_ref()?.get(&parse_digest(hash)?)
    }

    /// Remembers a document that a client sent with its hash.
    pub(crate) fn register(&self, document: &Document) {
        if let Some(automatic) = &self.automatic {
            automatic.insert(document.digest, document.clone());
        }
    }
}

impl Known {
    fn add(&mut self, id: String, text: String) {
        let document = Document::new(text);
        self.by_digest.insert(document.digest, document.clone());
        self.by_id.insert(id, document);
    }
}

fn parse_digest(hash: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(hash, &mut digest).ok()?;
    Some(digest)
}
