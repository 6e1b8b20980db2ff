//! A pull scanner over the bytes of one JSON text (RFC 8259). It checks everything it passes over, so a slice it
//! returns is well-formed JSON; strings with lone surrogates are refused because no decoder could read them.

/// How many arrays and objects may be open at once.
const MAX_DEPTH: u32 = 128;

/// What is wrong with a JSON text, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JsonError {
    /// The byte position.
    pub(crate) position: usize,
    /// What was expected there.
    pub(crate) expected: &'static str,
}

/// A string as it stands in the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    /// The bytes between the quotes, escapes untouched.
    pub(crate) raw: &'a [u8],
    /// Whether `raw` holds escapes.
    pub(crate) escaped: bool,
}

impl Text<'_> {
    /// The decoded text, allocating; only needed when `escaped`.
    pub(crate) fn decode(&self) -> String {
        let mut quoted = Vec::with_capacity(self.raw.len() + 2);
        quoted.push(b'"');
        quoted.extend_from_slice(self.raw);
        quoted.push(b'"');
        serde_json::from_slice(&quoted).unwrap_or_default()
    }
}

/// What comes next in an object.
pub(crate) enum Member<'a> {
    /// The key that was expected, its colon consumed.
    Expected,
    /// Another key, or the same one written otherwise; its colon consumed.
    Key(Text<'a>),
    /// The closing brace, consumed.
    End,
}

/// How many bytes from the beginning on stand for themselves in a string: the position of the first quote, backslash or
/// control character, or the whole length.
fn plain(bytes: &[u8]) -> usize {
    /// Large enough that looking at all of it at once, as the compiler makes of it, beats looking word by word.
    const BLOCK: usize = 64;
    // Without branches, so that the compiler can do it for many bytes at once.
    let ends =
        |byte: &u8| u8::from(*byte == b'"') | u8::from(*byte == b'\\') | u8::from(*byte < 0x20);
    // Most strings are short.
    let mut at = match plain_words(bytes, 2) {
        Ok(found) => return found,
        Err(at) => at,
    };
    while let Some(block) = bytes.get(at..at + BLOCK) {
        if block.iter().fold(0, |any, byte| any | ends(byte)) != 0 {
            break;
        }
        at += BLOCK;
    }
    match plain_words(&bytes[at..], usize::MAX) {
        Ok(found) => return at + found,
        Err(passed) => at += passed,
    }
    let rest = &bytes[at..];
    let found = rest.iter().position(|byte| ends(byte) != 0);
    at + found.unwrap_or(rest.len())
}

/// Looks at so many words at most: where the plain part ends, or how far it is known to go.
fn plain_words(bytes: &[u8], most: usize) -> Result<usize, usize> {
    let (words, _) = bytes.as_chunks::<8>();
    let words = &words[..words.len().min(most)];
    for (index, word) in words.iter().enumerate() {
        let found = ends_in_word(u64::from_le_bytes(*word));
        if found < 8 {
            return Ok(index * 8 + found);
        }
    }
    Err(words.len() * 8)
}

/// The position of the first byte that ends the plain part of a string, 8 when there is none. Bytes are compared side by
/// side in one word; a borrow can only mark bytes above the first one that is found.
fn ends_in_word(word: u64) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let quote = word ^ (ONES * u64::from(b'"'));
    let backslash = word ^ (ONES * u64::from(b'\\'));
    let found = (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash)
        | (word.wrapping_sub(ONES * 0x20) & !word);
    (found & HIGH).trailing_zeros() as usize / 8
}

/// A position in a JSON text. The text must be valid UTF-8.
#[derive(Debug, Clone)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    position: usize,
    depth: u32,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            position: 0,
            depth: 0,
        }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    fn error<T>(&self, expected: &'static str) -> Result<T, JsonError> {
        Err(JsonError {
            position: self.position,
            expected,
        })
    }

    /// The next byte that is not white space, not consumed.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.position) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.position += 1;
        }
        None
    }

    /// Consumes an opening `{` or `[` that was peeked.
    pub(crate) fn open(&mut self) -> Result<(), JsonError> {
        if self.depth == MAX_DEPTH {
            return self.error("at most 128 levels of nesting");
        }
        self.depth += 1;
        self.position += 1;
        Ok(())
    }

    /// Inside an object: the next key, its colon consumed, or `None` after the closing brace was consumed.
    pub(crate) fn next_key(&mut self, first: &mut bool) -> Result<Option<Text<'a>>, JsonError> {
        match self.peek() {
            Some(b'}') => {
                self.position += 1;
                self.depth -= 1;
                return Ok(None);
            }
            Some(b',') if !*first => {
                self.position += 1;
                self.peek();
            }
            Some(b'"') if *first => {}
            _ => return self.error("a key, a comma or the end of the object"),
        }
        *first = false;
        let key = self.string()?;
        if self.peek() != Some(b':') {
            return self.error("a colon");
        }
        self.position += 1;
        Ok(Some(key))
    }

    /// Like [`Self::next_key`]; a member that begins exactly with `expected`, which is a key with its quotes and colon, is
    /// only compared with it.
    pub(crate) fn next_member(
        &mut self,
        first: &mut bool,
        expected: Option<&[u8]>,
    ) -> Result<Member<'a>, JsonError> {
        let comma = usize::from(!*first);
        if let Some(expected) = expected
            && let Some(rest) = self.bytes.get(self.position + comma..)
            && rest.starts_with(expected)
            && (*first || self.bytes[self.position] == b',')
        {
            self.position += comma + expected.len();
            *first = false;
            return Ok(Member::Expected);
        }
        Ok(match self.next_key(first)? {
            Some(key) => Member::Key(key),
            None => Member::End,
        })
    }

    /// Inside an array: whether an item follows; `false` after the closing bracket was consumed.
    pub(crate) fn next_item(&mut self, first: &mut bool) -> Result<bool, JsonError> {
        match self.peek() {
            Some(b']') => {
                self.position += 1;
                self.depth -= 1;
                return Ok(false);
            }
            Some(b',') if !*first => {
                self.position += 1;
                if self.peek() == Some(b']') {
                    return self.error("a value");
                }
            }
            Some(_) if *first => {}
            _ => return self.error("a comma or the end of the array"),
        }
        *first = false;
        Ok(true)
    }

    /// Consumes a string that starts here.
    pub(crate) fn string(&mut self) -> Result<Text<'a>, JsonError> {
        if self.bytes.get(self.position) != Some(&b'"') {
            return self.error("a string");
        }
        self.position += 1;
        let start = self.position;
        let mut escaped = false;
        loop {
            self.position += plain(&self.bytes[self.position..]);
            match self.bytes.get(self.position) {
                Some(b'"') => {
                    let raw = &self.bytes[start..self.position];
                    self.position += 1;
                    return Ok(Text { raw, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return self.error("no control character in a string"),
                None => return self.error("the end of a string"),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        match self.bytes.get(self.position + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.position += 2;
                Ok(())
            }
            Some(b'u') => {
                let unit = self.code_unit()?;
                match unit {
                    0xd800..=0xdbff => match self.code_unit() {
                        Ok(0xdc00..=0xdfff) => Ok(()),
                        _ => self.error("the second half of a surrogate pair"),
                    },
                    0xdc00..=0xdfff => self.error("the first half of a surrogate pair"),
                    _ => Ok(()),
                }
            }
            _ => self.error("an escape"),
        }
    }

    /// Consumes `\uXXXX`.
    fn code_unit(&mut self) -> Result<u32, JsonError> {
        let Some([b'\\', b'u', digits @ ..]) = self.bytes.get(self.position..self.position + 6)
        else {
            return self.error("a \\u escape");
        };
        let mut unit = 0;
        for digit in digits {
            match char::from(*digit).to_digit(16) {
                Some(digit) => unit = unit * 16 + digit,
                None => return self.error("a hexadecimal digit"),
            }
        }
        self.position += 6;
        Ok(unit)
    }

    /// Consumes any value and returns where it started and ended.
    pub(crate) fn skip_value(&mut self) -> Result<(usize, usize), JsonError> {
        let first = self.peek();
        let start = self.position;
        match first {
            Some(b'"') => {
                self.string()?;
            }
            Some(b'{') => {
                self.open()?;
                let mut first = true;
                while self.next_key(&mut first)?.is_some() {
                    self.skip_value()?;
                }
            }
            Some(b'[') => {
                self.open()?;
                let mut first = true;
                while self.next_item(&mut first)? {
                    self.skip_value()?;
                }
            }
            Some(b't') => self.word(b"true")?,
            Some(b'f') => self.word(b"false")?,
            Some(b'n') => self.word(b"null")?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return self.error("a value"),
        }
        Ok((start, self.position))
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), JsonError> {
        if !self.bytes[self.position..].starts_with(word) {
            return self.error("true, false or null");
        }
        self.position += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        if self.bytes[self.position] == b'-' {
            self.position += 1;
        }
        match self.bytes.get(self.position) {
            Some(b'0') => self.position += 1,
            Some(b'1'..=b'9') => {
                self.digits();
            }
            _ => return self.error("a digit"),
        }
        if self.bytes.get(self.position) == Some(&b'.') {
            self.position += 1;
            if self.digits() == 0 {
                return self.error("a digit");
            }
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.position) {
            self.position += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.position) {
                self.position += 1;
            }
            if self.digits() == 0 {
                return self.error("a digit");
            }
        }
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let rest = &self.bytes[self.position..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.position += count;
        count
    }

    /// Checks that nothing but white space is left.
    pub(crate) fn finish(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.error("the end of the text"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn accepts(text: &str) -> bool {
        let mut scanner = Scanner::new(text.as_bytes());
        scanner.skip_value().is_ok() && scanner.finish().is_ok()
    }

    #[test]
    fn accepts_what_the_grammar_accepts_and_nothing_else() {
        let good = [
            "null",
            " true ",
            "-0.5e+10",
            "0",
            "\"\"",
            "\"\\u00e9\\n\"",
            "\"\\ud83e\\udd80\"",
            "[]",
            "[1, [2], {}]",
            "{\"a\": {\"b\": [null]}}",
            "1E5",
        ];
        for text in good {
            assert!(accepts(text), "{text}");
        }
        let bad = [
            "",
            "nul",
            "01",
            "+1",
            "1.",
            ".5",
            "1e",
            "\"",
            "\"\\x\"",
            "\"\\ud83e\"",
            "\"\\udd80\"",
            "\"\n\"",
            "[1,]",
            "[1 2]",
            "[,1]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{\"a\":1,}",
            "{,}",
            "1 2",
            "[",
            "{\"a\":1",
            "]",
            "tru",
            "-",
            "--1",
        ];
        for text in bad {
            assert!(!accepts(text), "{text}");
        }
    }

    #[test]
    fn a_depth_bomb_is_refused_without_deep_recursion() {
        let bomb = "[".repeat(1_000_000);
        assert!(!accepts(&bomb));
        assert!(accepts(&format!("{}{}", "[".repeat(128), "]".repeat(128))));
        assert!(!accepts(&format!("{}{}", "[".repeat(129), "]".repeat(129))));
    }

    #[test]
    fn the_plain_part_of_a_string_ends_at_the_first_special_byte() {
        for length in 0..200 {
            let mut bytes = vec![b'a'; length];
            assert_eq!(plain(&bytes), length);
            for at in 0..length {
                for special in [b'"', b'\\', 0, 0x1f, b'\n'] {
                    bytes[at] = special;
                    assert_eq!(plain(&bytes), at, "{special} of {length}");
                }
                for ordinary in [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
                    bytes[at] = ordinary;
                    assert_eq!(plain(&bytes), length, "{ordinary} at {at}");
                }
                bytes[at] = b'a';
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in "[\\[\\]{}:,\"a\\\\u0-9eE.+\\- tnul]{0,24}") {
            let reference = serde_json::from_str::<serde_json::Value>(&text);
            // serde_json also refuses numbers outside the range of f64, which are well-formed.
            if reference.as_ref().err().is_none_or(|error| !error.to_string().contains("out of range")) {
                prop_assert_eq!(accepts(&text), reference.is_ok(), "{}", text);
            }
        }
    }
}
