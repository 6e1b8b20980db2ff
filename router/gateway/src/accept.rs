//! What `Accept` says (RFC 9110, section 12.5.1).

use http::HeaderMap;
use http::header::ACCEPT;

/// One media range of `Accept`.
pub(crate) struct Range<'a> {
    pub(crate) essence: &'a str,
    /// 0 to 1000.
    pub(crate) quality: u16,
}

/// The ranges of all `Accept` headers, each as it is written and as it is read.
pub(crate) fn ranges(headers: &HeaderMap) -> impl Iterator<Item = (&str, Range<'_>)> {
    let values = headers.get_all(ACCEPT).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|text| Some((text, Range::parse(text)?)))
}

impl<'a> Range<'a> {
    /// Reads a range; `None` where there is none, and where it asks for another charset than UTF-8.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let essence = parts.next().filter(|essence| essence.contains('/'))?;
        let mut quality = 1000;
        for parameter in parts {
            match parameter.split_once('=') {
                Some(("q" | "Q", value)) => quality = parse_quality(value),
                Some((name, value))
                    if name.eq_ignore_ascii_case("charset")
                        && !value.trim_matches('"').eq_ignore_ascii_case("utf-8") =>
                {
                    return None;
                }
                _ => {}
            }
        }
        Some(Self { essence, quality })
    }

    /// How well the range names the type: 2 exactly, 1 by `type/*`, 0 by `*/*`.
    fn specificity(&self, media: &str) -> Option<u8> {
        if self.essence.eq_ignore_ascii_case(media) {
            return Some(2);
        }
        match self.essence {
            "*/*" => Some(0),
            "application/*" => Some(1),
            _ => None,
        }
    }
}

/// A quality value between 0 and 1 with at most three digits, in thousandths; what is malformed counts as 1.
pub(crate) fn parse_quality(text: &str) -> u16 {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if whole == "1" {
        return 1000;
    }
    let digits = format!("{fraction:0<3}");
    digits
        .get(..3)
        .and_then(|digits| digits.parse().ok())
        .filter(|_| whole == "0")
        .unwrap_or(1000)
}

/// How much a media type is wanted, 0 to 1000, by the range that names it best.
pub(crate) fn quality(ranges: &[Range<'_>], media: &str) -> u16 {
    ranges
        .iter()
        .filter_map(|range| {
            range
                .specificity(media)
                .map(|specificity| (specificity, range.quality))
        })
        .max()
        .map_or(0, |(_, quality)| quality)
}

/// Whether a media type is named, not only covered.
pub(crate) fn names(ranges: &[Range<'_>], media: &str) -> bool {
    ranges
        .iter()
        .any(|range| range.essence.eq_ignore_ascii_case(media))
}
