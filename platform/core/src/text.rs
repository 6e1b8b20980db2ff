//! Text from strangers: Unicode NFC, no control characters, lengths in characters.

use unicode_normalization::UnicodeNormalization;

/// Why a text is not accepted; each has a message under the key of [`TextError::key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("the text is empty")]
    Empty,
    /// More characters than `max`.
    #[error("the text is longer than {max} characters")]
    TooLong {
        /// Most characters accepted.
        max: usize,
    },
    /// A control character, a bidirectional override or a noncharacter.
    #[error("the text contains control characters")]
    Control,
}

impl TextError {
    /// The Fluent key of the message for readers.
    pub fn key(self) -> &'static str {
        match self {
            Self::Empty => "core-text-empty",
            Self::TooLong { .. } => "core-text-too-long",
            Self::Control => "core-text-control",
        }
    }
}

/// One line: trimmed, NFC, runs of white space folded into one space, 1 to `max` characters, no control characters.
///
/// # Errors
/// [`TextError`] says which rule the input breaks.
pub fn line(input: &str, max: usize) -> Result<String, TextError> {
    bounded(input, max)?;
    let mut out = String::with_capacity(input.len());
    for word in input.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.nfc());
    }
    finish(out, max, |_| false)
}

/// A text of several lines: trimmed, NFC, line ends as `\n`, 1 to `max` characters, tabs and line ends the only controls.
///
/// # Errors
/// [`TextError`] says which rule the input breaks.
pub fn block(input: &str, max: usize) -> Result<String, TextError> {
    bounded(input, max)?;
    let text: String = input.replace("\r\n", "\n").trim().nfc().collect();
    finish(text, max, |c| matches!(c, '\n' | '\t'))
}

/// Refuses what is far too long before any work is spent on it; NFC can shrink a text to no less than a quarter.
fn bounded(input: &str, max: usize) -> Result<(), TextError> {
    if input.len() / 16 > max {
        return Err(TextError::TooLong { max });
    }
    Ok(())
}

fn finish(text: String, max: usize, permitted: fn(char) -> bool) -> Result<String, TextError> {
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    if text.chars().any(|c| is_control(c) && !permitted(c)) {
        return Err(TextError::Control);
    }
    Ok(text)
}

fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fdd0}'..='\u{fdef}')
        || (c as u32) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_normalised_and_bounded() {
        assert_eq!(
            line("  Les   Mise\u{301}rables ", 20).as_deref(),
            Ok("Les Misérables")
        );
        assert_eq!(line(" \t ", 5), Err(TextError::Empty));
        assert_eq!(line("abcdef", 5), Err(TextError::TooLong { max: 5 }));
        assert_eq!(line("a\u{0}b", 5), Err(TextError::Control));
        assert_eq!(line("a\u{202e}b", 5), Err(TextError::Control));
        assert_eq!(
            line(&"a".repeat(1 << 20), 5),
            Err(TextError::TooLong { max: 5 })
        );
    }

    #[test]
    fn a_block_keeps_its_lines() {
        assert_eq!(block("a\r\nb\tc\n", 10).as_deref(), Ok("a\nb\tc"));
        assert_eq!(block("a\u{7}", 10), Err(TextError::Control));
    }
}
