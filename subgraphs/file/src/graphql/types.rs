//! What clients see.

use std::sync::OnceLock;

use async_graphql::dataloader::DataLoader;
use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::RequestExt as _;
use time::{Duration, OffsetDateTime};

use super::loader::FilesByBook;
use super::{files, key};
use crate::commands::uploads;
use crate::model::{
    Chapter, Claims, Details, File, Finding, Kind, Publication, Purpose, Reason, Severity, Status,
    is_staff,
};

/// A book, with its files.
#[derive(SimpleObject)]
#[graphql(name = "Book", complex)]
pub(super) struct BookType {
    /// Unique and permanent.
    pub id: ID,
}

#[ComplexObject]
impl BookType {
    /// The book's files that the viewer may have: covers and samples for everyone, whole books for those entitled to them.
    async fn files(&self, context: &Context<'_>) -> Result<Vec<FileType>> {
        let files = context
            .data_unchecked::<DataLoader<FilesByBook>>()
            .load_one(key(&self.id))
            .await?;
        Ok(files
            .unwrap_or_default()
            .into_iter()
            .map(FileType::from)
            .collect())
    }
}

/// GraphQL's view of a file.
pub(super) struct FileType(File, OnceLock<Details>);

impl From<File> for FileType {
    fn from(file: File) -> Self {
        Self(file, OnceLock::new())
    }
}

/// A file: a book, a sample, a picture.
#[Object(name = "File")]
impl FileType {
    /// Unique and permanent.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is for.
    async fn kind(&self) -> Kind {
        self.0.kind
    }

    /// How far it is.
    async fn status(&self) -> Status {
        self.0.status
    }

    /// Why it was rejected; null unless it was.
    async fn rejection(&self) -> Option<Reason> {
        self.0.reason
    }

    /// The same for readers.
    async fn rejection_message(&self, context: &Context<'_>) -> Option<String> {
        let reason = self.0.reason?;
        let (translations, locale) = (context.translations(), context.locale());
        Some(translations.text(locale, reason.key(), &[]))
    }

    /// How it is called when it is saved.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The media type that its bytes say; the announced one as long as they are not all here.
    async fn media_type(&self) -> &str {
        self.0
            .media_type
            .as_deref()
            .unwrap_or(&self.0.declared_type)
    }

    /// Its size in bytes.
    async fn byte_size(&self) -> i64 {
        self.0.byte_size
    }

    /// The SHA-256 of its bytes in hexadecimal.
    async fn sha256(&self) -> String {
        hex::encode(&self.0.sha256)
    }

    /// The book it belongs to.
    async fn book(&self) -> Option<BookType> {
        self.0.book_id.map(|id| BookType { id: id.into() })
    }

    /// How far the upload is; null once it is completed, and for all but the one who uploads.
    async fn upload(&self, context: &Context<'_>) -> Option<UploadType> {
        let user = context.viewer().user_id()?;
        (self.0.status == Status::Pending && self.0.owner_id == Some(user)).then(|| UploadType {
            received: self.0.received,
            url: uploads::upload_link(files(context), &self.0, user),
            expires_at: self.0.expires_at,
        })
    }

    /// Pages of a PDF; positions of an EPUB, one for every 1,024 characters.
    async fn page_count(&self) -> Option<i32> {
        self.details().pages
    }

    /// What a book says of itself.
    async fn publication(&self) -> Option<PublicationType> {
        let publication = self.details().publication.clone();
        publication.map(PublicationType::from)
    }

    /// The table of contents of an EPUB, in the order of reading.
    async fn contents(&self) -> Vec<ChapterType> {
        let contents = self.details().contents.clone();
        contents.into_iter().map(ChapterType::from).collect()
    }

    /// What the structural validation of an EPUB found, the gravest first; empty for one without faults.
    async fn findings(&self, context: &Context<'_>) -> Vec<FindingType> {
        let (translations, locale) = (context.translations(), context.locale());
        let findings = self.details().findings.clone();
        findings
            .into_iter()
            .map(|finding| {
                let message =
                    translations.text(locale, &format!("file-finding-{}", finding.code), &[]);
                FindingType::new(finding, message)
            })
            .collect()
    }

    /// The sizes of a picture, or of a book's own cover: WebP, at most 160, 320 and 640 pixels wide, the smallest first.
    async fn images(&self, context: &Context<'_>) -> Vec<FileImageType> {
        let token = if self.0.kind.is_public() {
            Some(String::new())
        } else {
            self.reading_token(context)
                .map(|token| format!("?t={token}"))
        };
        let Some(token) = token else {
            return Vec::new();
        };
        let widths = &self.details().widths;
        widths
            .iter()
            .map(|width| FileImageType {
                width: *width,
                url: format!("{}{token}", files(context).picture_url(self.0.id, *width)),
            })
            .collect()
    }

    /// Where the resources of an EPUB are, for the viewer: put a path of `contents` or of `publication.readingOrder` in place of
    /// `{path}`. An access token in the header `Authorization` does as well as the one in the address.
    async fn resource_url(&self, context: &Context<'_>) -> Option<String> {
        let is_epub = self.0.media_type.as_deref() == Some("application/epub+zip");
        if !is_epub || self.0.status != Status::Ready {
            return None;
        }
        let base = format!(
            "{}/files/{}/epub/{{path}}",
            files(context).public_url,
            self.0.id
        );
        if self.0.kind.is_public() {
            return Some(base);
        }
        Some(format!("{base}?t={}", self.reading_token(context)?))
    }

    /// The whole file for everyone, of a sample; null for everything else, which `createDownload` gives.
    async fn public_url(&self, context: &Context<'_>) -> Option<String> {
        (self.0.kind == Kind::Sample && self.0.status == Status::Ready)
            .then(|| format!("{}/files/{}/content", files(context).public_url, self.0.id))
    }

    /// When it was announced.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }
}

impl FileType {
    /// What was found in it, read once for all fields.
    fn details(&self) -> &Details {
        self.1.get_or_init(|| self.0.details())
    }

    /// A token for what is inside, for a viewer who is somebody.
    fn reading_token(&self, context: &Context<'_>) -> Option<String> {
        let (files, command) = (files(context), context.command());
        let life = Duration::minutes(files.config.lifetimes.read_minutes.into());
        let claims = Claims {
            purpose: Purpose::Read,
            file: self.0.id,
            user: command.viewer.user_id()?,
            staff: is_staff(&command.viewer),
            download: None,
            expires_at: (command.now + life).unix_timestamp(),
        };
        Some(claims.seal(&files.internal_key))
    }
}

/// How far an upload is.
#[derive(SimpleObject)]
#[graphql(name = "Upload")]
pub(super) struct UploadType {
    /// Bytes that are here for good.
    received: i64,
    /// Where the rest goes by tus 1.0.
    url: String,
    /// When the upload is forgotten unless it is completed.
    expires_at: OffsetDateTime,
}

/// One size of a picture.
#[derive(SimpleObject)]
#[graphql(name = "FileImage")]
pub(super) struct FileImageType {
    /// Width in pixels.
    width: u32,
    /// Where it is.
    url: String,
}

/// What a book says of itself.
#[derive(SimpleObject)]
#[graphql(name = "Publication")]
pub(super) struct PublicationType {
    /// EPUB or PDF version: `3.0`, `1.7`.
    version: Option<String>,
    /// The title.
    title: Option<String>,
    /// The authors' names, in their order.
    authors: Vec<String>,
    /// BCP 47 languages.
    languages: Vec<String>,
    /// The unique identifier of the package.
    identifier: Option<String>,
    /// The house.
    publisher: Option<String>,
    /// What it is about.
    description: Option<String>,
    /// The documents of the reading order, as paths inside the EPUB.
    reading_order: Vec<String>,
    /// Whether it is read from right to left.
    right_to_left: bool,
}

impl From<Publication> for PublicationType {
    fn from(publication: Publication) -> Self {
        Self {
            version: publication.version,
            title: publication.title,
            authors: publication.authors,
            languages: publication.languages,
            identifier: publication.identifier,
            publisher: publication.publisher,
            description: publication.description,
            reading_order: publication.reading_order,
            right_to_left: publication.right_to_left,
        }
    }
}

/// An entry of a table of contents.
#[derive(SimpleObject)]
#[graphql(name = "Chapter")]
pub(super) struct ChapterType {
    /// What it is called.
    title: String,
    /// The document and fragment inside the EPUB; null for a mere heading.
    href: Option<String>,
    /// How deep it is nested, from 0.
    depth: u8,
}

impl From<Chapter> for ChapterType {
    fn from(chapter: Chapter) -> Self {
        Self {
            title: chapter.title,
            href: chapter.href,
            depth: chapter.depth,
        }
    }
}

/// One thing that the structural validation found.
#[derive(SimpleObject)]
#[graphql(name = "Finding")]
pub(super) struct FindingType {
    /// How grave it is.
    severity: Severity,
    /// What it is, for programs: `missing-title`.
    code: String,
    /// Where, as a path inside the EPUB.
    path: Option<String>,
    /// What it is and what to do, in the viewer's language.
    message: String,
}

impl FindingType {
    fn new(finding: Finding, message: String) -> Self {
        Self {
            severity: finding.severity,
            code: finding.code,
            path: finding.path,
            message,
        }
    }
}
