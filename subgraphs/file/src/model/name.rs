//! The names of files: as they are kept, and as they are sent (RFC 6266, RFC 8187).

use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization as _;

/// Most characters of a name.
pub const MAX_NAME: usize = 200;

/// A client's file name as it is kept: the last part of a path, in NFC, without control characters and what file systems
/// give a meaning. `None` when nothing is left, or it is longer than 200 characters.
pub fn clean_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_invisible(*c) && !"<>:\"|?*".contains(*c))
        .nfc()
        .collect();
    let clean = clean.trim_matches(|c: char| c == '.' || c.is_whitespace());
    (!clean.is_empty() && clean.chars().count() <= MAX_NAME).then(|| clean.to_owned())
}

/// Marks that turn the reading direction hide an ending such as `.exe`.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `Content-Disposition` for saving a file as `name`: an ASCII fallback, and the name itself in UTF-8 as RFC 8187 has it.
pub fn content_disposition(name: &str) -> String {
    let mut fallback: String = name
        .nfd()
        .filter(|c| c.is_ascii() && !c.is_ascii_control() && !"\"\\%".contains(*c))
        .collect();
    if fallback.trim_matches(['.', ' ']).is_empty() || fallback.starts_with('.') {
        fallback.insert_str(0, "file");
    }
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        // attr-char of RFC 8187, 3.2.1.
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{fallback}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_kept_without_what_could_hurt() {
        for (given, kept) in [
            (
                "Une si longue lettre.epub",
                Some("Une si longue lettre.epub"),
            ),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Users\\x\\livre.pdf", Some("livre.pdf")),
            ("e\u{301}te\u{301}.epub", Some("été.epub")),
            ("a\r\nSet-Cookie: x", Some("aSet-Cookie x")),
            ("livre\u{202e}gpe.exe", Some("livregpe.exe")),
            ("...", None),
            ("", None),
        ] {
            assert_eq!(clean_name(given).as_deref(), kept, "{given:?}");
        }
        assert_eq!(clean_name(&"x".repeat(201)), None);
    }

    #[test]
    fn a_name_in_any_script_is_sent_as_rfc_8187_has_it() {
        assert_eq!(
            content_disposition("Été 50%.epub"),
            "attachment; filename=\"Ete 50.epub\"; filename*=UTF-8''%C3%89t%C3%A9%2050%25.epub"
        );
        let arabic = content_disposition("كتاب.epub");
        assert!(
            arabic.starts_with("attachment; filename=\"file.epub\"; filename*=UTF-8''%D9%83"),
            "{arabic}"
        );
    }

    proptest! {
        #[test]
        fn a_clean_name_stays_as_it_is(name in "\\PC{0,40}") {
            if let Some(clean) = clean_name(&name) {
                prop_assert_eq!(clean_name(&clean), Some(clean));
            }
        }

        #[test]
        fn the_header_is_one_line_of_ascii(name in ".{1,80}") {
            let header = content_disposition(&name);
            prop_assert!(header.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{}", header);
            prop_assert_eq!(header.matches('"').count(), 2);
        }
    }
}
