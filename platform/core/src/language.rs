//! Languages of books: BCP 47 inside, ISO 639-2 codes of library catalogues accepted.

use crate::locale::Locale;

/// ISO 639-2 codes (bibliographic and terminological) with the ISO 639-1 code that BCP 47 prefers.
const ISO_639_2: [(&str, &str); 48] = [
    ("afr", "af"),
    ("amh", "am"),
    ("ara", "ar"),
    ("bam", "bm"),
    ("ben", "bn"),
    ("chi", "zh"),
    ("cze", "cs"),
    ("dan", "da"),
    ("deu", "de"),
    ("dut", "nl"),
    ("eng", "en"),
    ("ewe", "ee"),
    ("fas", "fa"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("fre", "fr"),
    ("ful", "ff"),
    ("ger", "de"),
    ("gre", "el"),
    ("hau", "ha"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hun", "hu"),
    ("ibo", "ig"),
    ("ind", "id"),
    ("ita", "it"),
    ("jpn", "ja"),
    ("kin", "rw"),
    ("kor", "ko"),
    ("lin", "ln"),
    ("mlg", "mg"),
    ("nld", "nl"),
    ("nor", "no"),
    ("per", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("ron", "ro"),
    ("rum", "ro"),
    ("rus", "ru"),
    ("som", "so"),
    ("spa", "es"),
    ("swa", "sw"),
    ("swe", "sv"),
    ("tur", "tr"),
    ("vie", "vi"),
    ("wol", "wo"),
    ("yor", "yo"),
    ("zul", "zu"),
];

/// The canonical BCP 47 tag of a language: `eng` is `en`, `en_us` is `en-US`; none when it is not well formed.
pub fn bcp47(code: &str) -> Option<String> {
    let code = code.trim().replace('_', "-");
    let (primary, rest) = code
        .split_once('-')
        .map_or((code.as_str(), None), |(a, b)| (a, Some(b)));
    let primary = primary.to_ascii_lowercase();
    let short = ISO_639_2
        .binary_search_by_key(&primary.as_str(), |(long, _)| long)
        .map_or(primary.as_str(), |at| ISO_639_2[at].1);
    let tag = match rest {
        Some(rest) => format!("{short}-{rest}"),
        None => short.to_owned(),
    };
    // `und` says nothing, and a book without a language cannot be shelved.
    let locale = tag.parse::<Locale>().ok()?;
    (locale.language() != "und").then(|| locale.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn library_codes_become_bcp47() {
        assert!(ISO_639_2.is_sorted_by_key(|(long, _)| *long));
        for (code, expected) in [
            ("eng", Some("en")),
            ("en-US", Some("en-US")),
            ("en_gb", Some("en-GB")),
            ("fre", Some("fr")),
            ("fra", Some("fr")),
            ("mul", Some("mul")),
            ("fil", Some("fil")),
            ("wo-SN", Some("wo-SN")),
            ("", None),
            ("und", None),
            ("english language", None),
            ("<b>", None),
        ] {
            assert_eq!(bcp47(code).as_deref(), expected, "{code}");
        }
    }
}
