//! Which bytes a client gets: Range, If-Range, If-None-Match and If-Match (RFC 9110, 13 and 14).

/// Some bytes of a file, both ends included. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte.
    pub first: u64,
    /// The last byte.
    pub last: u64,
}

impl ByteRange {
    /// How many bytes.
    pub fn length(self) -> u64 {
        self.last - self.first + 1
    }
}

/// The headers that a client's request depends on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Validator<'a> {
    /// `Range`.
    pub range: Option<&'a str>,
    /// `If-Range`.
    pub if_range: Option<&'a str>,
    /// `If-None-Match`.
    pub if_none_match: Option<&'a str>,
    /// `If-Match`.
    pub if_match: Option<&'a str>,
}

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeOutcome {
    /// 200: everything.
    Whole,
    /// 206: a part.
    Part(ByteRange),
    /// 304: the client has it.
    Unchanged,
    /// 412: the client wants another version than the one that is there.
    Changed,
    /// 416: no such bytes, or several ranges at once.
    NotSatisfiable,
}

/// What of `size` bytes (at least one) with the strong entity tag `tag` is answered.
///
/// Several ranges in one request are refused: a client that resumes wants one, and many small ones only cost.
pub fn select(validator: Validator<'_>, tag: &str, size: u64) -> RangeOutcome {
    if let Some(wanted) = validator.if_match
        && !lists(wanted, tag, false)
    {
        return RangeOutcome::Changed;
    }
    if validator
        .if_none_match
        .is_some_and(|known| lists(known, tag, true))
    {
        return RangeOutcome::Unchanged;
    }
    // If-Range takes a strong tag or a date; a date can never be strong here, as no Last-Modified was sent.
    let current = validator.if_range.is_none_or(|known| known.trim() == tag);
    match validator.range {
        Some(range) if current => parse(range, size),
        _ => RangeOutcome::Whole,
    }
}

fn lists(header: &str, tag: &str, weak: bool) -> bool {
    header.split(',').map(str::trim).any(|known| {
        known == "*"
            || known == tag
            || weak && known.strip_prefix("W/").is_some_and(|known| known == tag)
    })
}

/// An unknown unit or a malformed header is ignored, as RFC 9110 asks.
fn parse(header: &str, size: u64) -> RangeOutcome {
    let Some((unit, ranges)) = header.split_once('=') else {
        return RangeOutcome::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return RangeOutcome::Whole;
    }
    let mut ranges = ranges
        .split(',')
        .map(str::trim)
        .filter(|range| !range.is_empty());
    let (Some(range), more) = (ranges.next(), ranges.next()) else {
        return RangeOutcome::Whole;
    };
    if more.is_some() {
        return RangeOutcome::NotSatisfiable;
    }
    let Some((first, last)) = range.split_once('-') else {
        return RangeOutcome::Whole;
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than fit mean the end, wherever that is.
        digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => return RangeOutcome::Whole,
        (Some(first), Some(last)) => ByteRange {
            first,
            last: last.min(size.saturating_sub(1)),
        },
        (Some(first), None) if last.is_empty() => ByteRange {
            first,
            last: size.saturating_sub(1),
        },
        (None, Some(0)) if first.is_empty() => return RangeOutcome::NotSatisfiable,
        (None, Some(length)) if first.is_empty() => ByteRange {
            first: size.saturating_sub(length),
            last: size.saturating_sub(1),
        },
        _ => return RangeOutcome::Whole,
    };
    if range.first >= size {
        RangeOutcome::NotSatisfiable
    } else {
        RangeOutcome::Part(range)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::RangeOutcome::{Changed, NotSatisfiable, Part, Unchanged, Whole};
    use super::*;

    const TAG: &str = "\"abc\"";

    fn ranged(range: &str) -> RangeOutcome {
        let validator = Validator {
            range: Some(range),
            ..Validator::default()
        };
        select(validator, TAG, 100)
    }

    #[test]
    fn ranges_as_the_specification_has_them() {
        let part = |first, last| Part(ByteRange { first, last });
        for (header, outcome) in [
            ("bytes=0-0", part(0, 0)),
            ("bytes=0-", part(0, 99)),
            ("bytes=10-19", part(10, 19)),
            ("BYTES = 10-19", part(10, 19)),
            ("bytes=90-1000", part(90, 99)),
            ("bytes=-10", part(90, 99)),
            ("bytes=-1000", part(0, 99)),
            ("bytes=99999999999999999999999-", NotSatisfiable),
            ("bytes=0-99999999999999999999999", part(0, 99)),
            ("bytes=100-", NotSatisfiable),
            ("bytes=-0", NotSatisfiable),
            ("bytes=0-1,5-6", NotSatisfiable),
            ("bytes=20-10", Whole),
            ("bytes=a-b", Whole),
            ("bytes=-", Whole),
            ("bytes=", Whole),
            ("bytes", Whole),
            ("pages=1-2", Whole),
            ("bytes=+1-2", Whole),
        ] {
            assert_eq!(ranged(header), outcome, "{header}");
        }
    }

    #[test]
    fn a_resumed_download_of_another_version_begins_anew() {
        let with = |if_range| {
            let validator = Validator {
                range: Some("bytes=50-"),
                if_range: Some(if_range),
                ..Validator::default()
            };
            select(validator, TAG, 100)
        };
        assert_eq!(
            with(TAG),
            Part(ByteRange {
                first: 50,
                last: 99
            })
        );
        for stale in ["\"old\"", "W/\"abc\"", "Wed, 21 Oct 2026 07:28:00 GMT"] {
            assert_eq!(with(stale), Whole, "{stale}");
        }
    }

    #[test]
    fn conditions_come_before_ranges() {
        let known = Validator {
            range: Some("bytes=0-1"),
            if_none_match: Some("\"x\", W/\"abc\""),
            ..Validator::default()
        };
        assert_eq!(select(known, TAG, 100), Unchanged);
        let changed = Validator {
            if_match: Some("\"x\""),
            ..known
        };
        assert_eq!(select(changed, TAG, 100), Changed);
        let weak = Validator {
            if_match: Some("W/\"abc\""),
            ..Validator::default()
        };
        assert_eq!(select(weak, TAG, 100), Changed);
    }

    proptest! {
        /// Whatever is asked, what is sent lies in the file, and two halves make the whole.
        #[test]
        fn a_part_lies_in_the_file(first in 0_u64..300, last in 0_u64..300, size in 1_u64..200) {
            let validator = Validator { range: None, ..Validator::default() };
            let header = format!("bytes={first}-{last}");
            match select(Validator { range: Some(&header), ..validator }, TAG, size) {
                Part(range) => {
                    prop_assert!(range.first == first && range.first <= range.last && range.last < size);
                    prop_assert_eq!(range.length(), last.min(size - 1) - first + 1);
                }
                NotSatisfiable => prop_assert!(first >= size),
                Whole => prop_assert!(first > last),
                other => prop_assert!(false, "{other:?}"),
            }
        }

        #[test]
        fn any_header_is_answered(header in ".{0,60}", size in 1_u64..u64::MAX) {
            let validator = Validator { range: Some(&header), ..Validator::default() };
            if let Part(range) = select(validator, TAG, size) {
                prop_assert!(range.first <= range.last && range.last < size);
            }
        }
    }
}
