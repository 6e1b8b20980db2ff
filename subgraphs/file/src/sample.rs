//! Our own EPUBs, valid by EPUB 3.3, made of texts of our own: something to read on a fresh platform, something to test with.

mod texts;

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use image::{ImageFormat, Rgb, RgbImage};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub use texts::{Language, Section};

const CONTAINER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles><rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"#;

const STYLE: &str = "body { font-family: serif; line-height: 1.5; margin: 5%; }
h1 { font-size: 1.4em; }
aside { font-size: 0.85em; border-top: thin solid; margin-top: 2em; }
[dir=rtl] { text-align: right; }
";

/// Size of the cover in pixels.
const COVER: (u32, u32) = (800, 1200);

/// What an EPUB is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// A URN or other identifier.
    pub identifier: String,
    /// The title.
    pub title: String,
    /// The authors' names.
    pub authors: Vec<String>,
    /// The language of the text.
    pub language: Language,
    /// Chapters, in their order.
    pub sections: Vec<Section>,
}

/// Why an EPUB could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The archive could not be written.
    #[error(transparent)]
    Archive(#[from] zip::result::ZipError),
    /// A file in it could not be written.
    #[error(transparent)]
    Write(#[from] std::io::Error),
    /// The cover could not be written.
    #[error(transparent)]
    Cover(#[from] image::ImageError),
}

impl Book {
    /// A demonstration in `language`: it says what it is, tells a story in three chapters with footnotes, and ends with a page
    /// in other scripts. It bears `title` and the authors' names, for the catalogue's sake.
    pub fn demonstration(
        identifier: &str,
        title: &str,
        authors: &[String],
        language: Language,
    ) -> Self {
        Self {
            identifier: identifier.to_owned(),
            title: title.to_owned(),
            authors: authors.to_vec(),
            language,
            sections: texts::sections(language),
        }
    }

    /// The EPUB. The same book gives the same bytes.
    ///
    /// # Errors
    /// When memory is short; nothing else can fail.
    pub fn epub(&self) -> Result<Vec<u8>, SampleError> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        // OCF 3.3, 4.2.3: the media type comes first, as it is.
        zip.start_file("mimetype", stored)?;
        zip.write_all(b"application/epub+zip")?;
        let mut file = |name: &str, options, content: &[u8]| -> Result<(), SampleError> {
            zip.start_file(name, options)?;
            Ok(zip.write_all(content)?)
        };
        file("META-INF/container.xml", packed, CONTAINER.as_bytes())?;
        file("EPUB/package.opf", packed, self.package().as_bytes())?;
        file("EPUB/nav.xhtml", packed, self.navigation().as_bytes())?;
        file("EPUB/style.css", packed, STYLE.as_bytes())?;
        file("EPUB/cover.png", stored, &self.cover()?)?;
        for (number, section) in (1..).zip(&self.sections) {
            let page = self.page(section);
            file(&path(number), packed, page.as_bytes())?;
        }
        Ok(zip.finish()?.into_inner())
    }

    fn package(&self) -> String {
        let mut manifest = String::new();
        let mut spine = String::new();
        for number in 1..=self.sections.len() {
            let _ = write!(
                manifest,
                "<item id=\"c{number}\" href=\"chapter-{number}.xhtml\" media-type=\"application/xhtml+xml\"/>"
            );
            let _ = write!(spine, "<itemref idref=\"c{number}\"/>");
        }
        let mut creators = String::new();
        for author in &self.authors {
            let _ = write!(creators, "<dc:creator>{}</dc:creator>", escape(author));
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<package xmlns=\"http://www.idpf.org/2007/opf\" version=\"3.0\" unique-identifier=\"id\" xml:lang=\"{language}\">
<metadata xmlns:dc=\"http://purl.org/dc/elements/1.1/\">
<dc:identifier id=\"id\">{identifier}</dc:identifier><dc:title>{title}</dc:title><dc:language>{language}</dc:language>
{creators}<dc:publisher>Coko</dc:publisher><meta property=\"dcterms:modified\">2026-01-01T00:00:00Z</meta>
</metadata>
<manifest>
<item id=\"nav\" href=\"nav.xhtml\" media-type=\"application/xhtml+xml\" properties=\"nav\"/>
<item id=\"cover\" href=\"cover.png\" media-type=\"image/png\" properties=\"cover-image\"/>
<item id=\"style\" href=\"style.css\" media-type=\"text/css\"/>{manifest}
</manifest>
<spine>{spine}</spine>
</package>
",
            language = self.language.code(),
            identifier = escape(&self.identifier),
            title = escape(&self.title),
        )
    }

    fn navigation(&self) -> String {
        let mut entries = String::new();
        for (number, section) in (1..).zip(&self.sections) {
            let title = escape(section.title);
            let _ = write!(
                entries,
                "<li><a href=\"chapter-{number}.xhtml\">{title}</a></li>"
            );
        }
        let heading = self.language.contents();
        self.document(
            heading,
            &format!("<nav epub:type=\"toc\"><h1>{heading}</h1><ol>{entries}</ol></nav>"),
        )
    }

    fn page(&self, section: &Section) -> String {
        let mut body = format!(
            "<section epub:type=\"chapter\"><h1>{}</h1>",
            escape(section.title)
        );
        for paragraph in section.paragraphs {
            let attributes = match paragraph.language {
                Some(("ar", _)) => " lang=\"ar\" xml:lang=\"ar\" dir=\"rtl\"".to_owned(),
                Some((code, _)) => format!(" lang=\"{code}\" xml:lang=\"{code}\""),
                None => String::new(),
            };
            let note = paragraph.note.map_or(String::new(), |(id, _)| {
                format!("<a epub:type=\"noteref\" href=\"#{id}\">*</a>")
            });
            let _ = write!(body, "<p{attributes}>{}{note}</p>", escape(paragraph.text));
        }
        for (id, note) in section
            .paragraphs
            .iter()
            .filter_map(|paragraph| paragraph.note)
        {
            let _ = write!(
                body,
                "<aside epub:type=\"footnote\" id=\"{id}\"><p>{}</p></aside>",
                escape(note)
            );
        }
        body.push_str("</section>");
        self.document(section.title, &body)
    }

    fn document(&self, title: &str, body: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<!DOCTYPE html>
<html xmlns=\"http://www.w3.org/1999/xhtml\" xmlns:epub=\"http://www.idpf.org/2007/ops\" lang=\"{language}\" xml:lang=\"{language}\">
<head><title>{}</title><link rel=\"stylesheet\" href=\"style.css\"/></head>
<body>{body}</body>
</html>
",
            escape(title),
            language = self.language.code(),
        )
    }

    /// Bands of colour that follow from the title, so that no two covers are alike.
    fn cover(&self) -> Result<Vec<u8>, SampleError> {
        let seed = self.title.bytes().fold(7_u32, |seed, byte| {
            seed.wrapping_mul(31).wrapping_add(byte.into())
        });
        let shade = |shift: u32| u8::try_from((seed >> shift) & 0x7f).unwrap_or(0);
        let (width, height) = COVER;
        let picture = RgbImage::from_fn(width, height, |x, y| {
            let band = u8::try_from((x / 100 + y / 150) % 6 * 20).unwrap_or(0);
            Rgb([
                shade(0).saturating_add(band),
                shade(8).saturating_add(band / 2),
                shade(16).saturating_add(40),
            ])
        });
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Png)?;
        Ok(bytes.into_inner())
    }
}

fn path(number: usize) -> String {
    format!("EPUB/chapter-{number}.xhtml")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ContentLimits;
    use crate::process::epub;

    #[test]
    fn our_own_books_pass_our_own_checks() {
        for language in [Language::French, Language::English] {
            let title = "Le baobab & \"la pluie\" <1>";
            let authors = ["Awa Ndiaye".to_owned(), "Ibrahima Diallo".to_owned()];
            let book = Book::demonstration("urn:coko:1", title, &authors, language);
            let bytes = book.epub().unwrap();
            assert_eq!(bytes, book.epub().unwrap());
            let processed = epub::read(Cursor::new(&bytes), &ContentLimits::default()).unwrap();
            let details = processed.details;
            assert_eq!(details.findings, []);
            let publication = details.publication.unwrap();
            assert_eq!(publication.title.as_deref(), Some(title));
            assert_eq!(publication.authors, authors);
            assert_eq!(publication.languages, [language.code()]);
            assert_eq!(publication.version.as_deref(), Some("3.0"));
            assert_eq!(publication.reading_order.len(), 5);
            assert_eq!(details.contents.len(), 5);
            assert_eq!(
                details.contents[0].href.as_deref(),
                Some("EPUB/chapter-1.xhtml")
            );
            assert_eq!(details.widths, [160, 320, 640]);
            assert!(details.pages.unwrap() >= 5, "{:?}", details.pages);
        }
    }
}
