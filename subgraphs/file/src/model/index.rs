//! Where the resources of an EPUB lie in its archive, so that one is read without the rest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The resources of an EPUB by their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index(pub BTreeMap<String, Entry>);

/// Where a resource lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The first byte of its packed content in the archive.
    #[serde(rename = "a")]
    pub start: u64,
    /// Bytes of its packed content.
    #[serde(rename = "p")]
    pub packed: u64,
    /// Bytes of its content.
    #[serde(rename = "s")]
    pub size: u64,
    /// CRC-32 of its content.
    #[serde(rename = "c")]
    pub crc32: u32,
    /// Whether it is packed by DEFLATE; else it is stored as it is.
    #[serde(rename = "d")]
    pub deflated: bool,
    /// The media type that the package document says; empty when it says none.
    #[serde(rename = "m")]
    pub media_type: String,
}

impl Entry {
    /// The media type as it is sent: what the package says, as long as that looks like one.
    pub fn content_type(&self) -> &str {
        let plausible = !self.media_type.is_empty()
            && self.media_type.len() <= 100
            && self.media_type.matches('/').count() == 1
            && self
                .media_type
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"/.+-".contains(&byte));
        if plausible {
            &self.media_type
        } else {
            "application/octet-stream"
        }
    }
}
