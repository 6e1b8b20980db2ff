//! Texts as telephones take them: the GSM 7-bit alphabet (3GPP TS 23.038), in which a message costs half.

/// Characters of one septet each. The alphabet's other Greek capitals and its escape are of no use to us.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Characters of two septets each.
const EXTENDED: &str = "^{}\\[~]|€";
/// The longest message: beyond it, it costs more than it is worth.
pub(crate) const MAX_SEGMENTS: usize = 3;

/// Units of the alphabet that `text` takes; none where it has a character outside of it.
fn septets(text: &str) -> Option<usize> {
    text.chars().try_fold(0, |sum, c| {
        if BASIC.contains(c) {
            Some(sum + 1)
        } else if EXTENDED.contains(c) {
            Some(sum + 2)
        } else {
            None
        }
    })
}

/// Segments that `text` is sent in: of 160 septets, or 153 each when there are several; of 70 UTF-16 units, or 67, where it does
/// not fit the alphabet.
pub(crate) fn segments(text: &str) -> usize {
    let (units, single, several) = match septets(text) {
        Some(septets) => (septets, 160, 153),
        None => (text.encode_utf16().count(), 70, 67),
    };
    if units <= single {
        1
    } else {
        units.div_ceil(several)
    }
}

/// `text` in the alphabet where that changes no more than accents and typography, else as it is; cut to [`MAX_SEGMENTS`].
pub(crate) fn fit(text: &str) -> String {
    let fitting = transliterated(text);
    if septets(&fitting).is_some() {
        return cut(fitting);
    }
    // What does not fit may have been in the part that is cut off.
    let shorter = cut(text.to_owned());
    let fitting = transliterated(&shorter);
    if septets(&fitting).is_some() {
        cut(fitting)
    } else {
        shorter
    }
}

fn transliterated(text: &str) -> String {
    text.chars().flat_map(plain).collect()
}

/// The nearest that the alphabet has.
fn plain(c: char) -> impl Iterator<Item = char> {
    let text: &'static str = match c {
        'ç' => "c",
        'â' | 'á' | 'ã' => "a",
        'ê' | 'ë' => "e",
        'î' | 'ï' | 'í' => "i",
        'ô' | 'ó' | 'õ' => "o",
        'û' | 'ú' => "u",
        'ÿ' => "y",
        'À' | 'Â' | 'Á' | 'Ã' => "A",
        'È' | 'Ê' | 'Ë' => "E",
        'Î' | 'Ï' | 'Í' => "I",
        'Ô' | 'Ó' | 'Õ' => "O",
        'Ù' | 'Û' | 'Ú' => "U",
        'œ' => "oe",
        'Œ' => "OE",
        '«' | '»' | '“' | '”' | '„' => "\"",
        '’' | '‘' | '`' => "'",
        '–' | '—' | '‑' => "-",
        '…' => "...",
        '\u{a0}' | '\u{202f}' | '\u{2009}' | '\t' => " ",
        _ => "",
    };
    let own = text.is_empty().then_some(c);
    text.chars().chain(own)
}

fn cut(text: String) -> String {
    if segments(&text) <= MAX_SEGMENTS {
        return text;
    }
    let mut kept: Vec<char> = text.chars().collect();
    // A step of a word or so at a time: this is rare, and texts are short.
    while kept.len() > 8 {
        kept.truncate(kept.len() - 8);
        let shorter: String = kept.iter().collect::<String>() + "...";
        if segments(&shorter) <= MAX_SEGMENTS {
            return shorter;
        }
    }
    kept.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_alphabet_has_its_size() {
        // 128 septets less the escape; ten code points of the extension less the form feed.
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(EXTENDED.chars().count(), 9);
    }

    #[test]
    fn french_stays_cheap() {
        for (text, expected) in [
            (
                "Reçu : 1\u{202f}500\u{a0}F\u{a0}CFA pour «\u{a0}L’Œuvre\u{a0}»…",
                "Recu : 1 500 F CFA pour \" L'OEuvre \"...",
            ),
            ("Félicitations à Noël", "Félicitations à Noel"),
            ("C'est bientôt l'été", "C'est bientot l'été"),
        ] {
            assert_eq!(fit(text), expected);
            assert!(septets(&fit(text)).is_some());
        }
    }

    #[test]
    fn what_has_no_place_in_the_alphabet_stays_as_it_is() {
        for text in ["كتاب جديد", "Ɓaawo ɗum çà", "📚 ça"] {
            assert_eq!(fit(text), text);
        }
    }

    #[test]
    fn segments_are_counted_as_operators_do() {
        for (text, count) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("ك".repeat(70), 1),
            ("ك".repeat(71), 2),
            ("📚".repeat(35), 1),
            ("📚".repeat(36), 2),
        ] {
            assert_eq!(segments(&text), count, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_fits_is_bounded_and_fits_again(text in "\\PC{0,900}") {
            let once = fit(&text);
            prop_assert!(segments(&once) <= MAX_SEGMENTS);
            prop_assert_eq!(fit(&once), once);
        }
    }
}
