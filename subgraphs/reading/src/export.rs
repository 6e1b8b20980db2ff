//! A reader's notes on a book as a file, in formats that others read.

pub(crate) mod markdown;
pub(crate) mod pdf;
pub(crate) mod web_annotation;

use coko_core::graphql::FluentValue;
use coko_core::locale::Locale;
use coko_core::text_enum;
use coko_core::translation::Translations;
use uuid::Uuid;

use crate::model::annotation::quotable;
use crate::model::{Annotation, AnnotationKind};

text_enum! {
    /// A format of exported notes.
    #[graphql(name = "NotesFormat")]
    pub(crate) Format {
        /// Markdown (CommonMark), to be read and edited.
        Markdown = "MARKDOWN",
        /// PDF, to be printed.
        Pdf = "PDF",
        /// W3C Web Annotation in JSON-LD, to be imported elsewhere.
        WebAnnotation = "WEB_ANNOTATION",
    }
}

impl Format {
    /// The end of a file's name.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Pdf => "pdf",
            Self::WebAnnotation => "jsonld",
        }
    }

    /// The media type, with its parameters.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Pdf => "application/pdf",
            Self::WebAnnotation => {
                "application/ld+json; profile=\"http://www.w3.org/ns/anno.jsonld\""
            }
        }
    }
}

/// What is exported: everything noted in one book, in its order.
#[derive(Clone, Debug)]
pub(crate) struct Notes {
    pub(crate) book: Uuid,
    pub(crate) title: String,
    pub(crate) authors: Vec<String>,
    /// BCP 47 language of the book; `und` when it is not known.
    pub(crate) language: String,
    pub(crate) is_protected: bool,
    pub(crate) annotations: Vec<Annotation>,
}

/// The words around notes, in the reader's language.
pub(crate) struct Words<'a> {
    translations: &'a Translations,
    locale: &'a Locale,
}

impl<'a> Words<'a> {
    /// Words in `locale`.
    pub(crate) fn new(translations: &'a Translations, locale: &'a Locale) -> Self {
        Self {
            translations,
            locale,
        }
    }

    fn text(&self, key: &str, name: &str, value: &str) -> String {
        let argument = (name, FluentValue::from(value));
        self.translations.text(self.locale, key, &[argument])
    }

    /// What the whole is called.
    fn title(&self, notes: &Notes) -> String {
        self.text("reading-export-title", "title", &notes.title)
    }

    /// Who wrote the book; none where that is not known.
    fn authors(&self, notes: &Notes) -> Option<String> {
        let authors = notes.authors.join(", ");
        let by = self.text("reading-export-by", "authors", &authors);
        Some(by).filter(|_| !authors.is_empty())
    }

    /// What an annotation is, and where.
    fn head(&self, annotation: &Annotation) -> String {
        let percent = format!("{:.0}", annotation.progression * 100.0);
        let place = self.text("reading-export-place", "percent", &percent);
        let kind = match annotation.kind {
            AnnotationKind::Highlight => return place,
            AnnotationKind::Note => "reading-export-note",
            AnnotationKind::Bookmark => "reading-export-bookmark",
        };
        let kind = self.translations.text(self.locale, kind, &[]);
        format!("{kind} {place}")
    }
}

impl Notes {
    /// The passage of an annotation as it may leave the platform.
    pub(crate) fn quote(&self, annotation: &Annotation) -> Option<String> {
        let quote = annotation.quote.as_deref()?;
        Some(quotable(quote, self.is_protected)).filter(|quote| !quote.is_empty())
    }

    /// The annotations, each with the title of its chapter where that is another one than before.
    pub(crate) fn by_chapter(&self) -> impl Iterator<Item = (Option<&str>, &Annotation)> {
        let mut last = None;
        self.annotations.iter().map(move |annotation| {
            let locator = annotation.locator.as_ref();
            let title = locator.and_then(|locator| locator.title.as_deref());
            let fresh = title.filter(|title| last != Some(*title));
            last = title.or(last);
            (fresh, annotation)
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::model::annotation::Stamps;
    use crate::model::locator::tests::at;
    use crate::model::{AnnotationKind, Colour, Privacy};

    /// Two notes on a protected book, whose texts try to be more than text.
    pub(crate) fn notes() -> Notes {
        let annotation = |number: u128, kind, quote: Option<&str>, note: Option<&str>| Annotation {
            id: Uuid::from_u128(number),
            user_id: Uuid::from_u128(1),
            book_id: Uuid::from_u128(2),
            kind,
            locator: Some(at(0.25)),
            progression: 0.25,
            quote: quote.map(str::to_owned),
            note: note.map(str::to_owned),
            colour: Some(Colour::Yellow),
            privacy: Privacy::Private,
            deleted: false,
            stamps: Stamps::default(),
            created_at: datetime!(2026-02-01 10:00 UTC),
            updated_at: datetime!(2026-02-02 10:00 UTC),
            shared_at: None,
            sequence: 1,
        };
        let long = "mot ".repeat(200);
        Notes {
            book: Uuid::from_u128(2),
            title: "Une *si* longue lettre".to_owned(),
            authors: vec!["Mariama Bâ".to_owned()],
            language: "fr".to_owned(),
            is_protected: true,
            annotations: vec![
                annotation(
                    3,
                    AnnotationKind::Highlight,
                    Some("<b>Aïssatou</b>,\nj'ai reçu [ton mot](x)"),
                    Some("# Début"),
                ),
                annotation(4, AnnotationKind::Highlight, Some(&long), None),
                annotation(5, AnnotationKind::Bookmark, None, None),
            ],
        }
    }
}
