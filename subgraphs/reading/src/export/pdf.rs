//! Notes as PDF, in any script.

use coko_pdf::{About, Document};
use time::OffsetDateTime;

use super::{Notes, Words};

/// The notes in the reader's language, made at `now`.
///
/// # Errors
/// When there is more than a document may hold.
pub(crate) fn render(
    notes: &Notes,
    words: &Words<'_>,
    now: OffsetDateTime,
) -> Result<Vec<u8>, coko_pdf::Error> {
    let title = words.title(notes);
    let mut document = Document::new(About {
        title: title.clone(),
        author: notes.authors.join(", "),
        language: words.locale.language().to_owned(),
        created: now,
        id: format!("notes-{}", notes.book),
    });
    document.heading(1, title);
    if let Some(authors) = words.authors(notes) {
        document.remark(authors);
    }
    for (chapter, annotation) in notes.by_chapter() {
        if let Some(chapter) = chapter {
            document.heading(2, chapter);
        }
        document.remark(words.head(annotation));
        if let Some(quote) = notes.quote(annotation) {
            document.quote(quote);
        }
        if let Some(note) = annotation.note.as_deref().filter(|note| !note.is_empty()) {
            document.paragraph(note);
        }
    }
    document.finish()
}

#[cfg(test)]
mod tests {
    use coko_core::locale::Locale;

    use super::*;
    use crate::export::tests::notes;

    #[test]
    fn any_script_is_written_with_its_fonts() {
        let (translations, french) = (crate::translations().unwrap(), Locale::FR);
        let mut notes = notes();
        // Arabic, N'Ko, Amharic, Tamil and Chinese.
        notes.annotations[0].note =
            Some("\u{645}\u{631}\u{62d}\u{628}\u{627} \u{7d2}\u{7de}\u{7cf} \u{1230}\u{120b}\u{121d} \u{bb5}\u{ba3} \u{4f60}\u{597d}".to_owned());
        let words = Words::new(&translations, &french);
        let pdf = render(&notes, &words, OffsetDateTime::UNIX_EPOCH).unwrap();
        assert!(pdf.starts_with(b"%PDF-1.7"));
        let embedded = |name: &[u8]| pdf.windows(name.len()).any(|found| found == name);
        assert!(embedded(b"/FontFile2") || embedded(b"/FontFile3"));
        // The same notes are the same bytes.
        let again = render(&notes, &words, OffsetDateTime::UNIX_EPOCH).unwrap();
        assert_eq!(pdf, again);
    }
}
