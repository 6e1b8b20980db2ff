//! What processing finds in a file, kept as one JSON column.

use serde::{Deserialize, Serialize};

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// Pages of a PDF; positions of an EPUB, one for every 1,024 characters of text.
    pub pages: Option<i32>,
    /// What a book says of itself.
    pub publication: Option<Publication>,
    /// The table of contents, in the order of reading.
    pub contents: Vec<Chapter>,
    /// What the structural validation found, the gravest first.
    pub findings: Vec<Finding>,
    /// Widths of the sizes made of a picture, or of the cover inside an EPUB, in pixels, rising.
    pub widths: Vec<u32>,
}

/// What a book says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Publication {
    /// EPUB or PDF version: `3.0`, `1.7`.
    pub version: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// The authors' names, in their order.
    pub authors: Vec<String>,
    /// BCP 47 languages.
    pub languages: Vec<String>,
    /// The unique identifier of the package.
    pub identifier: Option<String>,
    /// The house.
    pub publisher: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Documents of the reading order, as paths inside the archive.
    pub reading_order: Vec<String>,
    /// Whether it is read from right to left.
    pub right_to_left: bool,
}

/// An entry of a table of contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// What it is called.
    pub title: String,
    /// The document and fragment inside the archive; none for a mere heading.
    pub href: Option<String>,
    /// How deep it is nested, from 0.
    pub depth: u8,
}

/// How grave a finding is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, async_graphql::Enum,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Reading systems will stumble over it.
    Error,
    /// It should be mended.
    Warning,
}

impl Severity {
    /// As events tell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warning => "WARNING",
        }
    }
}

/// One thing that the structural validation found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How grave it is.
    pub severity: Severity,
    /// What it is, for programs: `missing-title`; the message's Fluent key is `file-finding-` and this.
    pub code: String,
    /// Where, as a path inside the archive.
    pub path: Option<String>,
}
