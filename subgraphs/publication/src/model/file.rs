//! Files of a manuscript as the file service found them.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Findings, Images};
use crate::tables::manuscript_files;

/// How findings that keep a manuscript from being submitted say so.
const ERROR: &str = "ERROR";

coko_core::text_enum! {
    /// What became of a file.
    #[graphql(name = "ManuscriptFileStatus")]
    pub(crate) FileStatus {
        /// It can be used.
        Ready = "READY",
        /// It cannot be used.
        Rejected = "REJECTED",
    }
}

/// A file that was uploaded for a manuscript's book.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = manuscript_files)]
pub(crate) struct ManuscriptFile {
    pub(crate) file_id: Uuid,
    pub(crate) manuscript_id: Uuid,
    /// As the file service calls it: `EPUB`, `PDF`, `COVER`, `SAMPLE`.
    pub(crate) kind: String,
    pub(crate) status: FileStatus,
    pub(crate) reason: Option<String>,
    pub(crate) media_type: Option<String>,
    pub(crate) page_count: Option<i32>,
    pub(crate) findings: Findings,
    pub(crate) images: Images,
    pub(crate) public_url: Option<String>,
    pub(crate) uploaded_by: Option<Uuid>,
    pub(crate) at: OffsetDateTime,
}

impl ManuscriptFile {
    /// Whether it is the text of a book.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.kind.as_str(), "EPUB" | "PDF")
    }

    /// Whether the validation found something that reading systems will stumble over.
    pub(crate) fn has_errors(&self) -> bool {
        self.findings
            .0
            .iter()
            .any(|finding| finding.severity == ERROR)
    }
}
