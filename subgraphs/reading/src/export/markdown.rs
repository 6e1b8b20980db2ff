//! Notes as CommonMark. What a reader or a book says is text and nothing else: whatever Markdown would take for markup is
//! escaped.

use std::fmt::Write as _;

use coko_core::graphql::FluentValue;
use coko_core::locale::Locale;
use coko_core::translation::Translations;

use super::Notes;
use crate::model::AnnotationKind;

/// The notes in the reader's language.
pub(crate) fn render(notes: &Notes, translations: &Translations, locale: &Locale) -> String {
    let text = |key: &str, arguments: &[(&str, FluentValue<'_>)]| {
        translations.text(locale, key, arguments)
    };
    let title = text(
        "reading-export-title",
        &[("title", FluentValue::from(notes.title.as_str()))],
    );
    let mut out = format!("# {}\n", line(&title));
    if !notes.authors.is_empty() {
        let authors = notes.authors.join(", ");
        let by = text(
            "reading-export-by",
            &[("authors", FluentValue::from(authors))],
        );
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n{}", line(&by));
    }
    let mut chapter = None;
    for annotation in &notes.annotations {
        let locator = annotation.locator.as_ref();
        let found = locator.and_then(|locator| locator.title.as_deref());
        if found.is_some() && found != chapter {
            chapter = found;
            let _ = writeln!(out, "\n## {}", line(found.unwrap_or_default()));
        }
        let percent = format!("{:.0}", annotation.progression * 100.0);
        let place = text(
            "reading-export-place",
            &[("percent", FluentValue::from(percent))],
        );
        let head = match annotation.kind {
            AnnotationKind::Highlight => place,
            AnnotationKind::Note => format!("{} {place}", text("reading-export-note", &[])),
            AnnotationKind::Bookmark => format!("{} {place}", text("reading-export-bookmark", &[])),
        };
        let _ = writeln!(out, "\n*{}*", line(&head));
        if let Some(quote) = notes.quote(annotation) {
            out.push('\n');
            for row in quote.lines() {
                let _ = writeln!(out, "> {}", escaped(row));
            }
        }
        if let Some(note) = annotation.note.as_deref().filter(|note| !note.is_empty()) {
            out.push('\n');
            for row in note.lines() {
                // Two spaces keep the line break.
                let _ = writeln!(out, "{}  ", escaped(row));
            }
        }
    }
    out
}

fn line(text: &str) -> String {
    escaped(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// CommonMark lets every ASCII punctuation mark be escaped; those that never begin markup are left readable.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        if c.is_ascii_punctuation() && !matches!(c, ',' | ';' | ':' | '?' | '\'' | '"' | '/' | '%') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::notes;

    #[test]
    fn text_stays_text_and_quotes_are_short() {
        let text = render(&notes(), &crate::translations().unwrap(), &Locale::FR);
        assert!(
            text.starts_with("# Notes sur \u{2068}Une \\*si\\* longue lettre\u{2069}\n")
                || text.starts_with("# Notes sur Une \\*si\\* longue lettre\n"),
            "{text}"
        );
        assert!(text.contains("\n> \\<b\\>Aïssatou\\</b\\>,\n> j'ai reçu \\[ton mot\\]\\(x\\)\n"), "{text}");
        assert!(text.contains("\n\\# Début  \n"), "{text}");
        assert!(text.contains('…') && !text.contains(&"mot ".repeat(100)), "{text}");
        assert!(text.contains("Signet"), "{text}");
    }
}
