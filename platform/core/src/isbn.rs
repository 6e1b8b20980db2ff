//! International Standard Book Numbers (ISO 2108): ISBN-13 inside, ISBN-10 accepted.

use std::fmt;
use std::str::FromStr;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

/// A valid ISBN-13, thirteen digits without hyphens.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    AsExpression,
    FromSqlRow,
)]
#[diesel(sql_type = Text)]
#[serde(try_from = "String", into = "String")]
pub struct Isbn(String);

/// Why a text is not an ISBN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsbnError {
    /// Not ten or thirteen digits (the last of ten may be X).
    #[error("an ISBN has 10 or 13 digits")]
    Shape,
    /// A thirteen-digit number outside the book prefixes.
    #[error("an ISBN-13 begins with 978 or 979")]
    Prefix,
    /// The check digit belongs to another number.
    #[error("the check digit is wrong")]
    Checksum,
}

crate::text_column!(Isbn);

impl Isbn {
    /// The thirteen digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_ten(digits: &[u8]) -> Result<Self, IsbnError> {
        let mut sum = 0;
        for (index, byte) in digits.iter().enumerate() {
            let value = match byte {
                b'0'..=b'9' => u32::from(byte - b'0'),
                b'X' if index == 9 => 10,
                _ => return Err(IsbnError::Shape),
            };
            sum += value * (10 - u32::try_from(index).unwrap_or(0));
        }
        if sum % 11 != 0 {
            return Err(IsbnError::Checksum);
        }
        let mut body = b"978".to_vec();
        body.extend(&digits[..9]);
        body.push(check_digit(&body));
        Self::from_digits(body)
    }

    fn from_thirteen(digits: &[u8]) -> Result<Self, IsbnError> {
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(IsbnError::Shape);
        }
        if !digits.starts_with(b"978") && !digits.starts_with(b"979") {
            return Err(IsbnError::Prefix);
        }
        if check_digit(&digits[..12]) != digits[12] {
            return Err(IsbnError::Checksum);
        }
        Self::from_digits(digits.to_vec())
    }

    fn from_digits(digits: Vec<u8>) -> Result<Self, IsbnError> {
        String::from_utf8(digits)
            .map(Self)
            .map_err(|_| IsbnError::Shape)
    }
}

/// The ASCII check digit after twelve digits, weighted 1 and 3 in turn.
fn check_digit(twelve: &[u8]) -> u8 {
    let sum: u32 = twelve
        .iter()
        .enumerate()
        .map(|(index, byte)| u32::from(byte - b'0') * if index % 2 == 0 { 1 } else { 3 })
        .sum();
    b'0' + u8::try_from((10 - sum % 10) % 10).unwrap_or(0)
}

impl FromStr for Isbn {
    type Err = IsbnError;

    /// Hyphens and spaces are dropped, a ten-digit number is converted.
    fn from_str(text: &str) -> Result<Self, IsbnError> {
        if text.len() > 40 {
            return Err(IsbnError::Shape);
        }
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2013}'))
            .map(|c| u8::try_from(c.to_ascii_uppercase()).unwrap_or(b'?'))
            .collect();
        match digits.len() {
            10 => Self::from_ten(&digits),
            13 => Self::from_thirteen(&digits),
            _ => Err(IsbnError::Shape),
        }
    }
}

impl TryFrom<String> for Isbn {
    type Error = IsbnError;

    fn try_from(text: String) -> Result<Self, IsbnError> {
        text.parse()
    }
}

impl From<Isbn> for String {
    fn from(isbn: Isbn) -> Self {
        isbn.0
    }
}

impl fmt::Display for Isbn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_lengths_are_read_and_checked() {
        for (text, expected) in [
            ("0439023483", Ok("9780439023481")),
            ("0-439-02348-3", Ok("9780439023481")),
            ("978-0-439-02348-1", Ok("9780439023481")),
            ("080442957x", Ok("9780804429573")),
            ("9791090724013", Ok("9791090724013")),
            ("0439023484", Err(IsbnError::Checksum)),
            ("9780439023482", Err(IsbnError::Checksum)),
            ("9770439023482", Err(IsbnError::Prefix)),
            ("X439023483", Err(IsbnError::Shape)),
            ("439023483", Err(IsbnError::Shape)),
            ("９７８０４３９０２３４８１", Err(IsbnError::Shape)),
            ("", Err(IsbnError::Shape)),
            ("'; DROP TABLE books", Err(IsbnError::Shape)),
        ] {
            let found = text.parse::<Isbn>();
            assert_eq!(
                found.as_ref().map(Isbn::as_str),
                expected.as_ref().copied(),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_other_last_digit_is_refused(body in "97[89][0-9]{9}", off in 1_u8..10) {
            let right = check_digit(body.as_bytes());
            let wrong = b'0' + (right - b'0' + off) % 10;
            let with = |digit: u8| format!("{body}{}", char::from(digit)).parse::<Isbn>();
            prop_assert!(with(right).is_ok());
            prop_assert_eq!(with(wrong), Err(IsbnError::Checksum));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            let _ = text.parse::<Isbn>();
        }
    }
}
