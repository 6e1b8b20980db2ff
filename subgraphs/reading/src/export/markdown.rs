//! Notes as CommonMark. What a reader or a book says is text and nothing else: whatever Markdown would take for markup is
//! escaped.

use std::fmt::Write as _;

use super::{Notes, Words};

/// The notes in the reader's language.
pub(crate) fn render(notes: &Notes, words: &Words<'_>) -> String {
    let mut out = format!("# {}\n", line(&words.title(notes)));
    // Writing to a string cannot fail.
    if let Some(authors) = words.authors(notes) {
        let _ = writeln!(out, "\n{}", line(&authors));
    }
    for (chapter, annotation) in notes.by_chapter() {
        if let Some(chapter) = chapter {
            let _ = writeln!(out, "\n## {}", line(chapter));
        }
        let _ = writeln!(out, "\n*{}*", line(&words.head(annotation)));
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
        if c.is_ascii_punctuation() && !matches!(c, ',' | ';' | ':' | '?' | '\'' | '"' | '/' | '%')
        {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use coko_core::locale::Locale;

    use super::*;
    use crate::export::tests::notes;

    #[test]
    fn text_stays_text_and_quotes_are_short() {
        let translations = crate::translations().unwrap();
        let text = render(&notes(), &Words::new(&translations, &Locale::FR));
        assert!(
            text.starts_with("# Notes sur \u{2068}Une \\*si\\* longue lettre\u{2069}\n")
                || text.starts_with("# Notes sur Une \\*si\\* longue lettre\n"),
            "{text}"
        );
        assert!(
            text.contains("\n> \\<b\\>Aïssatou\\</b\\>,\n> j'ai reçu \\[ton mot\\]\\(x\\)\n"),
            "{text}"
        );
        assert!(text.contains("\n\\# Début  \n"), "{text}");
        assert!(
            text.contains('…') && !text.contains(&"mot ".repeat(100)),
            "{text}"
        );
        assert!(text.contains("Signet"), "{text}");
    }
}
