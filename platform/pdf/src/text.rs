//! Text as strangers send it, made fit to print.

/// The text without what has no form of its own: control characters, byte order marks, non-characters, and the embeddings and
/// overrides of direction (U+202A to U+202E) by which text would read otherwise than it is written. Isolates and marks stay, for
/// they only order. A tab becomes a space; all breaks of lines become line feeds, at most two in a row.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut feeds = 0;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let character = match character {
            '\r' if characters.peek() == Some(&'\n') => continue,
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            '\t' => ' ',
            other => other,
        };
        if character == '\n' {
            feeds += 1;
            if feeds <= 2 {
                cleaned.push('\n');
            }
        } else if !is_formless(character) {
            feeds = 0;
            cleaned.push(character);
        }
    }
    let end = cleaned.trim_end().len();
    cleaned.truncate(end);
    cleaned
}

fn is_formless(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{fdd0}'..='\u{fdef}' | '\u{fff9}'..='\u{fffb}'
        )
        || u32::from(character) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn only_what_has_a_form_stays() {
        assert_eq!(clean("a\0b\u{7}\u{feff}\u{ffff}c\u{fdd0}"), "abc");
        assert_eq!(clean("a\tb"), "a b");
        assert_eq!(clean("a\r\nb\rc\u{2028}d"), "a\nb\nc\nd");
        assert_eq!(clean("a\n\n\n\nb\n\n"), "a\n\nb");
        assert_eq!(clean("abc\u{202e}fdp.exe"), "abcfdp.exe");
        assert_eq!(
            clean("\u{2067}שלום\u{2069}\u{200f}"),
            "\u{2067}שלום\u{2069}\u{200f}"
        );
    }
}
