//! A reader's notes on a book as a file, in formats that others read.

pub(crate) mod markdown;
pub(crate) mod web_annotation;

use coko_core::text_enum;
use uuid::Uuid;

use crate::model::Annotation;
use crate::model::annotation::quotable;

text_enum! {
    /// A format of exported notes.
    #[graphql(name = "NotesFormat")]
    pub(crate) Format {
        /// Markdown (CommonMark), to be read and edited.
        Markdown = "MARKDOWN",
        /// W3C Web Annotation in JSON-LD, to be imported elsewhere.
        WebAnnotation = "WEB_ANNOTATION",
    }
}

impl Format {
    /// The end of a file's name.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::WebAnnotation => "jsonld",
        }
    }

    /// The media type, with its parameters.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Markdown => "text/markdown; charset=utf-8",
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

impl Notes {
    /// The passage of an annotation as it may leave the platform.
    pub(crate) fn quote(&self, annotation: &Annotation) -> Option<String> {
        let quote = annotation.quote.as_deref()?;
        Some(quotable(quote, self.is_protected)).filter(|quote| !quote.is_empty())
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
