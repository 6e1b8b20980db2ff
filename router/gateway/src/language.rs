//! The best of the languages that subgraphs speak (RFC 9110, section 12.5.4; RFC 4647, section 3.4).

/// The language of `spoken` that a reader with this `Accept-Language` likes best; the first one when none fits.
pub(crate) fn best<'a>(accepted: &str, spoken: &'a [String]) -> &'a str {
    let mut best: Option<(u16, &str)> = None;
    for range in accepted.split(',').take(16) {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(1000, weight);
        let found = spoken.iter().find(|language| fits(tag, language));
        if let Some(found) = found
            && weight > best.map_or(0, |(weight, _)| weight)
        {
            best = Some((weight, found));
        }
    }
    let first = spoken.first().map(String::as_str).unwrap_or_default();
    best.map_or(first, |(_, language)| language)
}

/// Whether a range asks for a language, or for a variety of it.
fn fits(tag: &str, language: &str) -> bool {
    let (tag, language) = (tag.as_bytes(), language.as_bytes());
    tag.len() >= language.len()
        && tag[..language.len()].eq_ignore_ascii_case(language)
        && matches!(tag.get(language.len()), None | Some(b'-'))
}

/// A quality in thousandths; what is malformed is not wanted.
fn weight(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{fraction:0<3}");
    match (
        whole,
        digits.get(..3).and_then(|digits| digits.parse().ok()),
    ) {
        ("1", _) => 1000,
        ("0", Some(fraction)) => fraction,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::best;

    #[test]
    fn readers_get_the_best_of_what_is_spoken() {
        let spoken = ["fr".to_owned(), "en".to_owned(), "pt-BR".to_owned()];
        for (accepted, expected) in [
            ("", "fr"),
            ("en", "en"),
            ("EN-GB,en;q=0.9", "en"),
            ("wo, en;q=0.4, fr-SN;q=0.8", "fr"),
            ("wo", "fr"),
            ("en;q=0", "fr"),
            ("pt-br", "pt-BR"),
            ("pt", "fr"),
            ("eng", "fr"),
            (";;;q=,,,", "fr"),
        ] {
            assert_eq!(best(accepted, &spoken), expected, "{accepted}");
        }
    }
}
