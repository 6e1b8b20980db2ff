//! The `file` section of the configuration.

use std::path::PathBuf;
use std::time::Duration;

use coko_core::config::{DatabaseConfig, Secret};
use coko_core::rate_limit::Quota;
use serde::{Deserialize, Serialize};

use crate::model::Kind;

const MIB: u64 = 1 << 20;

/// Everything file can be told; the database and the storage have no default.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// `database_url`, `database_pool`.
    #[serde(flatten)]
    pub database: DatabaseConfig,
    /// `folder`, or `s3`: where files are kept.
    #[serde(flatten)]
    pub storage: StorageConfig,
    /// Where a file lies while it is processed; the system's temporary folder when not set.
    #[serde(default)]
    pub scratch: Option<PathBuf>,
    /// How much may be uploaded and downloaded.
    #[serde(default)]
    pub limits: Limits,
    /// How long links and uploads live.
    #[serde(default)]
    pub lifetimes: Lifetimes,
    /// What a book or picture may hold.
    #[serde(default)]
    pub content: ContentLimits,
    /// The program that looks at each file in a process of its own; by default this one itself. Where none is given, in a library
    /// that is embedded elsewhere, files are looked at in the service's own process.
    #[serde(default = "own_program")]
    pub inspector: Option<PathBuf>,
    /// Files that one process looks at simultaneously; memory grows with it. Default 1, at most 64.
    #[serde(default = "one")]
    pub workers: u8,
}

fn one() -> u8 {
    1
}

fn own_program() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// Where files are kept: a folder of this machine, or a bucket that speaks S3. Exactly one of both.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "StorageSettings")]
pub enum StorageConfig {
    /// A folder, created when it is not there.
    Folder(PathBuf),
    /// A bucket.
    S3(S3Config),
}

#[derive(Deserialize)]
struct StorageSettings {
    #[serde(default)]
    folder: Option<PathBuf>,
    #[serde(default)]
    s3: Option<S3Config>,
}

impl TryFrom<StorageSettings> for StorageConfig {
    type Error = String;

    fn try_from(settings: StorageSettings) -> Result<Self, String> {
        match (settings.folder, settings.s3) {
            // A bucket that somebody set up wins over the folder that `coko up` puts in by default.
            (_, Some(s3)) => Ok(Self::S3(s3)),
            (Some(folder), None) => Ok(Self::Folder(folder)),
            (None, None) => Err(
                "no storage is configured; set a folder (COKO_FILE_FOLDER) or a bucket (COKO_S3_BUCKET)"
                    .to_owned(),
            ),
        }
    }
}

/// A bucket of S3, MinIO or anything else that speaks their protocol.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Config {
    /// The bucket; it must exist.
    pub bucket: String,
    /// The server, such as `http://127.0.0.1:9000`; that of Amazon when not set.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The region. Default `us-east-1`.
    #[serde(default = "default_region")]
    pub region: String,
    /// The access key; the machine's own role when not set.
    #[serde(default)]
    pub access_key_id: Option<Secret>,
    /// The secret of the access key.
    #[serde(default)]
    pub secret_access_key: Option<Secret>,
}

fn default_region() -> String {
    "us-east-1".to_owned()
}

/// How much may be uploaded and downloaded.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Most MiB of a person's picture. Default 5.
    pub avatar_mib: u64,
    /// Most MiB of a cover. Default 10.
    pub cover_mib: u64,
    /// Most MiB of a sample. Default 20.
    pub sample_mib: u64,
    /// Most MiB of an EPUB. Default 200.
    pub epub_mib: u64,
    /// Most MiB of a PDF, which is read into memory as a whole. Default 100.
    pub pdf_mib: u64,
    /// Most MiB that one person keeps in all; staff has no such limit. Default 5,120.
    pub person_mib: u64,
    /// Most uploads that one person has begun and not completed. Default 20.
    pub open_uploads: u32,
    /// How many uploads a person may begin. Default 60 in an hour.
    pub uploads: Quota,
    /// How many links to whole files a person may get. Default 10 in an hour.
    pub downloads: Quota,
    /// How many whole files a person may fetch simultaneously. Default 3.
    pub transfers: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            avatar_mib: 5,
            cover_mib: 10,
            sample_mib: 20,
            epub_mib: 200,
            pdf_mib: 100,
            person_mib: 5 * 1024,
            open_uploads: 20,
            uploads: Quota::new(60, Duration::from_secs(3600)),
            downloads: Quota::new(10, Duration::from_secs(3600)),
            transfers: 3,
        }
    }
}

impl Limits {
    /// Most bytes of one file.
    pub fn bytes(&self, kind: Kind) -> u64 {
        let mib = match kind {
            Kind::Avatar => self.avatar_mib,
            Kind::Cover => self.cover_mib,
            Kind::Sample => self.sample_mib,
            Kind::Epub => self.epub_mib,
            Kind::Pdf => self.pdf_mib,
        };
        mib.saturating_mul(MIB)
    }

    /// Most bytes of one person.
    pub fn person_bytes(&self) -> u64 {
        self.person_mib.saturating_mul(MIB)
    }
}

/// How long links and uploads live.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lifetimes {
    /// Hours after which an upload that is not completed is forgotten. Default 48.
    pub upload_hours: u32,
    /// Minutes for which a link to a whole file may be used, and used again to resume. Default 30.
    pub download_minutes: u32,
    /// Minutes for which a link to the inside of an EPUB may be used. Default 120.
    pub read_minutes: u32,
    /// Seconds after which a job is taken over from a worker that gives no sign of life. Default 60.
    pub lease_seconds: u32,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            upload_hours: 48,
            download_minutes: 30,
            read_minutes: 120,
            lease_seconds: 60,
        }
    }
}

/// What a book or picture may hold before it is refused.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContentLimits {
    /// Most entries of an archive. Default 10,000.
    pub entries: usize,
    /// Most MiB that an archive unpacks to. Default 1,024.
    pub unpacked_mib: u64,
    /// How many times larger than it is packed an entry may be, beyond the first MiB. Default 200.
    pub ratio: u64,
    /// Most MiB of one document of a book. Default 16.
    pub document_mib: u64,
    /// Most millions of pixels of a picture. Default 24.
    pub megapixels: u32,
    /// Most MiB that one compressed part of a PDF's own structure unpacks to. Default 32.
    pub pdf_stream_mib: usize,
    /// Most MiB of address space of the process that looks at a file. Default 2,048.
    pub memory_mib: u64,
    /// Most seconds of a processor that looking at a file takes. Default 120.
    pub cpu_seconds: u64,
}

impl Default for ContentLimits {
    fn default() -> Self {
        Self {
            entries: 10_000,
            unpacked_mib: 1024,
            ratio: 200,
            document_mib: 16,
            megapixels: 24,
            pdf_stream_mib: 32,
            memory_mib: 2048,
            cpu_seconds: 120,
        }
    }
}

impl ContentLimits {
    /// Most bytes that an archive unpacks to.
    pub fn unpacked_bytes(&self) -> u64 {
        self.unpacked_mib.saturating_mul(MIB)
    }

    /// Most bytes of one document.
    pub fn document_bytes(&self) -> u64 {
        self.document_mib.saturating_mul(MIB)
    }

    /// Most pixels.
    pub fn pixels(&self) -> u64 {
        u64::from(self.megapixels) * 1_000_000
    }
}
