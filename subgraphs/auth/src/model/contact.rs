//! E-mail addresses and phone numbers as people type them, and as we keep them.

use std::fmt;

/// An address in lower case that a mail server can be expected to accept (a subset of RFC 5321 without quoting).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Email(String);

/// Why a text is not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EmailFault {
    /// More than 254 characters, or more than 64 before the `@`.
    #[error("the address is too long")]
    TooLong,
    /// Not `local@domain.tld` in the characters that mail servers accept unquoted.
    #[error("the address is malformed")]
    Malformed,
}

impl Email {
    /// Reads an address: trimmed and put in lower case, because no provider of note tells cases apart.
    ///
    /// # Errors
    /// [`EmailFault`] says which rule it breaks.
    pub(crate) fn parse(input: &str) -> Result<Self, EmailFault> {
        let address = input.trim();
        if address.len() > 254 {
            return Err(EmailFault::TooLong);
        }
        let (local, domain) = address.rsplit_once('@').ok_or(EmailFault::Malformed)?;
        if local.len() > 64 {
            return Err(EmailFault::TooLong);
        }
        let local_is_sound = !local.is_empty()
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b));
        let labels: Vec<&str> = domain.split('.').collect();
        let domain_is_sound = labels.len() >= 2
            && labels.iter().all(|label| is_label(label))
            && labels
                .last()
                .is_some_and(|tld| tld.len() >= 2 && !tld.bytes().all(|b| b.is_ascii_digit()));
        if local_is_sound && domain_is_sound {
            Ok(Self(address.to_ascii_lowercase()))
        } else {
            Err(EmailFault::Malformed)
        }
    }

    /// The address.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub(crate) fn local(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// A phone number in E.164: `+` and 8 to 15 digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Phone(String);

/// The text is not an international phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an international number such as +221 77 123 45 67")]
pub(crate) struct PhoneFault;

impl Phone {
    /// Reads a number in international form: `+221 77 123 45 67`, `00221771234567`, `+221-77-123-4567`.
    ///
    /// # Errors
    /// [`PhoneFault`] when it has no country code, other characters, or too few or too many digits.
    pub(crate) fn parse(input: &str) -> Result<Self, PhoneFault> {
        let input = input.trim();
        if input.len() > 40 {
            return Err(PhoneFault);
        }
        let rest = input
            .strip_prefix('+')
            .or_else(|| input.strip_prefix("00"))
            .ok_or(PhoneFault)?;
        let mut digits = String::with_capacity(16);
        for c in rest.chars() {
            match c {
                '0'..='9' => digits.push(c),
                ' ' | '-' | '.' | '(' | ')' | '\u{a0}' | '\u{202f}' => {}
                _ => return Err(PhoneFault),
            }
        }
        if digits.starts_with('0') || !(8..=15).contains(&digits.len()) {
            return Err(PhoneFault);
        }
        Ok(Self(format!("+{digits}")))
    }

    /// The number in E.164.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_read_as_mail_servers_do() {
        for (input, expected) in [
            (" Awa.Ndiaye+coko@Example.SN ", "awa.ndiaye+coko@example.sn"),
            ("a@b.co", "a@b.co"),
            (
                "o'neil@sub.domain.example.org",
                "o'neil@sub.domain.example.org",
            ),
        ] {
            assert_eq!(
                Email::parse(input).map(|email| email.0).as_deref(),
                Ok(expected)
            );
        }
        let long = format!("{}@example.org", "a".repeat(65));
        assert_eq!(Email::parse(&long), Err(EmailFault::TooLong));
        for input in [
            "",
            "@",
            "a@",
            "@b.co",
            "a@b",
            "a b@c.co",
            "a@b..co",
            ".a@b.co",
            "a.@b.co",
            "a..a@b.co",
            "a@-b.co",
            "a@b-.co",
            "a@b.c",
            "a@1.23",
            "a\r\nbcc:x@b.co",
            "a@b.co\r\nx",
            "a\"b@c.co",
            "é@b.co",
            "a@@b.co",
            "a,b@c.co",
            "<a@b.co>",
        ] {
            assert_eq!(Email::parse(input), Err(EmailFault::Malformed), "{input:?}");
        }
    }

    #[test]
    fn numbers_are_read_in_international_form() {
        for (input, expected) in [
            ("+221 77 123 45 67", "+221771234567"),
            ("00225 07-08-09-10-11", "+2250708091011"),
            ("+1 (415) 555.0100", "+14155550100"),
        ] {
            assert_eq!(
                Phone::parse(input).map(|phone| phone.0).as_deref(),
                Ok(expected)
            );
        }
        for input in [
            "",
            "+",
            "771234567",
            "+0221771234567",
            "+2217712",
            "+1234567890123456",
            "+22177a234567",
            "+٢٢١٧٧١٢٣٤٥٦٧",
        ] {
            assert_eq!(Phone::parse(input), Err(PhoneFault), "{input:?}");
        }
    }

    proptest! {
        /// Reading is idempotent and never lets a line end, a quote or a space through.
        #[test]
        fn what_is_accepted_stays_as_it_is(input in "\\PC{0,40}|[a-zA-Z.+-]{1,10}@[a-z-]{1,8}\\.[a-z]{1,4}") {
            if let Ok(email) = Email::parse(&input) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
                prop_assert!(!email.as_str().contains(|c: char| c.is_whitespace() || c.is_control() || c == '"'));
            }
        }

        #[test]
        fn numbers_survive_any_grouping(digits in "[1-9][0-9]{7,14}", gaps in proptest::collection::vec(0usize..4, 15)) {
            let mut typed = String::from("+");
            for (digit, gap) in digits.chars().zip(gaps) {
                typed.push(digit);
                typed.push_str(["", " ", "-", "."][gap]);
            }
            let phone = Phone::parse(&typed).unwrap();
            prop_assert_eq!(phone.as_str(), format!("+{digits}"));
        }
    }
}
