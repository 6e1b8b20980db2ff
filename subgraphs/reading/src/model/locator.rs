//! Where something is in a publication: Readium locators, whatever the format
//! (<https://readium.org/architecture/models/locators/>).

use async_graphql::{InputObject, SimpleObject};
use coko_core::json_column;
use serde::{Deserialize, Serialize};

/// Longest address of a resource inside a publication.
const MAX_HREF: usize = 1000;
/// Longest text of a title, a media type or a fragment.
const MAX_TEXT: usize = 500;
/// Most fragments.
const MAX_FRAGMENTS: usize = 10;
/// Longest context before and after a passage.
const MAX_CONTEXT: usize = 500;
/// Longest passage.
pub(crate) const MAX_QUOTE: usize = 3000;

/// A place in a publication, as Readium's toolkits write it.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Serialize,
    Deserialize,
    SimpleObject,
    InputObject,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Jsonb)]
#[serde(rename_all = "camelCase")]
#[graphql(input_name = "LocatorInput")]
pub(crate) struct Locator {
    /// The resource inside the publication.
    pub(crate) href: String,
    /// The resource's media type.
    #[serde(rename = "type")]
    #[graphql(name = "type")]
    pub(crate) media_type: String,
    /// The title of the chapter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// Where in it.
    pub(crate) locations: Locations,
    /// The text around and at the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<LocatorText>,
}

/// The same place in several ways.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, SimpleObject, InputObject)]
#[serde(rename_all = "camelCase")]
#[graphql(input_name = "LocationsInput")]
pub(crate) struct Locations {
    /// Fragments of the resource's address: `page=12` for PDF, an id or a CFI for EPUB.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[graphql(default)]
    pub(crate) fragments: Vec<String>,
    /// The share of the resource: 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) progression: Option<f64>,
    /// The place's number in the publication's list of positions, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) position: Option<i32>,
    /// The share of the whole publication: 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) total_progression: Option<f64>,
}

/// Text by which a place is found again in another edition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "LocatorTextInput")]
pub(crate) struct LocatorText {
    /// What comes before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<String>,
    /// The passage itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) highlight: Option<String>,
    /// What comes after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
}

json_column!(Locator);

impl Locator {
    /// Whether every part is within bounds.
    pub(crate) fn is_sound(&self) -> bool {
        let locations = &self.locations;
        let text = |text: &Option<String>, max: usize| {
            text.as_deref().is_none_or(|text| is_plain(text, max))
        };
        !self.href.is_empty()
            && is_plain(&self.href, MAX_HREF)
            && !self.media_type.is_empty()
            && is_plain(&self.media_type, MAX_TEXT)
            && text(&self.title, MAX_TEXT)
            && locations.fragments.len() <= MAX_FRAGMENTS
            && locations
                .fragments
                .iter()
                .all(|fragment| is_plain(fragment, MAX_TEXT))
            && locations.progression.is_none_or(is_share)
            && locations.total_progression.is_none_or(is_share)
            && locations.position.is_none_or(|position| position >= 1)
            && self.text.as_ref().is_none_or(|found| {
                text(&found.before, MAX_CONTEXT)
                    && text(&found.highlight, MAX_QUOTE)
                    && text(&found.after, MAX_CONTEXT)
            })
    }

    /// The share of the whole publication; 0 where it is not said.
    pub(crate) fn progression(&self) -> f64 {
        self.locations.total_progression.unwrap_or_default()
    }
}

/// Text of a page: line breaks and tabs are in it, other controls are not.
fn is_plain(text: &str, max: usize) -> bool {
    // A character has at most four bytes.
    text.len() <= max * 4
        && text.chars().count() <= max
        && !text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// Whether a number is a share of something.
pub(crate) fn is_share(number: f64) -> bool {
    (0.0..=1.0).contains(&number)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A place at `share` of the book.
    pub(crate) fn at(share: f64) -> Locator {
        Locator {
            href: "text/chapter-1.xhtml".to_owned(),
            media_type: "application/xhtml+xml".to_owned(),
            locations: Locations {
                total_progression: Some(share),
                ..Locations::default()
            },
            ..Locator::default()
        }
    }

    #[test]
    fn parts_out_of_bounds_are_found() {
        assert!(at(0.5).is_sound());
        for share in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(!at(share).is_sound(), "{share}");
        }
        let altered = |change: fn(&mut Locator)| {
            let mut locator = at(0.5);
            change(&mut locator);
            locator.is_sound()
        };
        assert!(!altered(|l| l.href.clear()));
        assert!(!altered(|l| l.href = "a".repeat(MAX_HREF + 1)));
        assert!(!altered(|l| l.title = Some("\u{0}".to_owned())));
        assert!(!altered(|l| l.locations.position = Some(0)));
        assert!(!altered(
            |l| l.locations.fragments = vec![String::new(); MAX_FRAGMENTS + 1]
        ));
        assert!(altered(
            |l| l.locations.fragments = vec!["page=12".to_owned()]
        ));
    }

    #[test]
    fn json_is_readium_s() {
        let json = serde_json::to_value(at(0.5)).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "href": "text/chapter-1.xhtml",
                "type": "application/xhtml+xml",
                "locations": { "totalProgression": 0.5 },
            })
        );
    }
}
