//! What a manuscript says of itself, checked and normalised.

use std::borrow::Cow;

use coko_core::graphql::{Refusal, Refusals};
use coko_core::isbn::Isbn;
use coko_core::language::bcp47;
use coko_core::money::Money;
use coko_core::text::{self, TextError};

use super::{Prices, Texts};
use crate::error::ManuscriptErrorCode as Code;

/// Most characters of a title and of a subtitle.
pub(crate) const MAX_TITLE: usize = 300;
/// Most characters of a description.
pub(crate) const MAX_DESCRIPTION: usize = 10_000;
/// Most characters of a name.
const MAX_NAME: usize = 200;
/// Most authors.
const MAX_AUTHORS: usize = 20;
/// Most categories.
const MAX_CATEGORIES: usize = 10;
/// Most minor units of a price.
const MAX_PRICE: i64 = 100_000_000;

/// What a manuscript says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) title: String,
    pub(crate) subtitle: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) language: String,
    /// ISBN-13, once it is checked.
    pub(crate) isbn: Option<String>,
    pub(crate) authors: Texts,
    pub(crate) categories: Texts,
    pub(crate) prices: Prices,
}

/// The refusal of a text.
pub(crate) fn text_refusal<C>(
    error: TextError,
    field: impl Into<Cow<'static, str>>,
    required: C,
    too_long: C,
    control: C,
) -> Refusal<C> {
    match error {
        TextError::Empty => Refusal::field(required, field),
        TextError::TooLong { max } => Refusal::beyond(too_long, field, max),
        TextError::Control => Refusal::field(control, field),
    }
}

fn refusal(error: TextError, field: impl Into<Cow<'static, str>>) -> Refusal<Code> {
    text_refusal(
        error,
        field,
        Code::Required,
        Code::TooLong,
        Code::ControlCharacters,
    )
}

impl Details {
    /// The same in normal form.
    ///
    /// # Errors
    /// Every refusal, in the order of the fields.
    pub(crate) fn checked(self) -> Result<Self, Vec<Refusal<Code>>> {
        let mut refusals = Refusals::default();
        let title = text::line(&self.title, MAX_TITLE).unwrap_or_else(|error| {
            refusals.push(refusal(error, "title"));
            String::new()
        });
        let subtitle = optional(&mut refusals, self.subtitle, "subtitle", |input| {
            text::line(input, MAX_TITLE)
        });
        let description = optional(&mut refusals, self.description, "description", |input| {
            text::block(input, MAX_DESCRIPTION)
        });
        let language = bcp47(&self.language).unwrap_or_else(|| {
            refusals.add(Code::InvalidLanguage, "language");
            String::new()
        });
        let isbn = match self.isbn.as_deref().map(str::trim) {
            None | Some("") => None,
            Some(isbn) => refusals.check(isbn.parse::<Isbn>(), Code::InvalidIsbn, "isbn"),
        };
        let authors = names(&mut refusals, self.authors);
        let categories = slugs(&mut refusals, self.categories);
        let prices = prices(&mut refusals, self.prices);
        refusals.finish(Self {
            title,
            subtitle,
            description,
            language,
            isbn: isbn.map(|isbn| isbn.to_string()),
            authors,
            categories,
            prices,
        })
    }

    /// The fields without which it cannot be submitted.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if self.description.is_none() {
            missing.push("description");
        }
        if self.authors.0.is_empty() {
            missing.push("authors");
        }
        if self.prices.0.is_empty() {
            missing.push("prices");
        }
        missing
    }
}

/// A text that may be missing; an empty one in a form means that there is none.
fn optional(
    refusals: &mut Refusals<Code>,
    input: Option<String>,
    field: &'static str,
    clean: impl Fn(&str) -> Result<String, TextError>,
) -> Option<String> {
    match clean(&input?) {
        Ok(text) => Some(text),
        Err(TextError::Empty) => None,
        Err(error) => {
            refusals.push(refusal(error, field));
            None
        }
    }
}

fn names(refusals: &mut Refusals<Code>, input: Texts) -> Texts {
    if input.0.len() > MAX_AUTHORS {
        refusals.push(Refusal::beyond(Code::TooMany, "authors", MAX_AUTHORS));
        return Texts::default();
    }
    let mut names: Vec<String> = Vec::with_capacity(input.0.len());
    for (index, name) in input.0.iter().enumerate() {
        let field = format!("authors.{index}");
        match text::line(name, MAX_NAME) {
            Ok(name) if names.contains(&name) => refusals.add(Code::Duplicate, field),
            Ok(name) => names.push(name),
            Err(error) => refusals.push(refusal(error, field)),
        }
    }
    Texts(names)
}

/// Slugs in their shape; whether catalog has such categories is catalog's to say.
fn slugs(refusals: &mut Refusals<Code>, input: Texts) -> Texts {
    if input.0.len() > MAX_CATEGORIES {
        refusals.push(Refusal::beyond(Code::TooMany, "categories", MAX_CATEGORIES));
        return Texts::default();
    }
    for (index, slug) in input.0.iter().enumerate() {
        let field = format!("categories.{index}");
        if !is_slug(slug) {
            refusals.add(Code::InvalidCategory, field);
        } else if input.0[..index].contains(slug) {
            refusals.add(Code::Duplicate, field);
        }
    }
    input
}

/// Made of a-z, 0-9 and single hyphens.
pub(crate) fn is_slug(text: &str) -> bool {
    text.len() <= 100
        && text.split('-').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

fn prices(refusals: &mut Refusals<Code>, input: Prices) -> Prices {
    let mut prices: Vec<Money> = Vec::with_capacity(input.0.len().min(8));
    for (index, price) in input.0.into_iter().enumerate() {
        let repeated = prices
            .iter()
            .any(|earlier| earlier.currency == price.currency);
        if repeated {
            refusals.add(Code::Duplicate, format!("prices.{index}.currency"));
        } else if (1..=MAX_PRICE).contains(&price.amount) {
            prices.push(price);
        } else {
            refusals.add(Code::InvalidPrice, format!("prices.{index}.amount"));
        }
    }
    prices.sort_by_key(|price| price.currency);
    Prices(prices)
}

#[cfg(test)]
mod tests {
    use coko_core::money::Currency;

    use super::*;

    fn details() -> Details {
        Details {
            title: "Les  Pluies ".to_owned(),
            subtitle: Some(" ".to_owned()),
            language: "fre".to_owned(),
            isbn: Some("0-439-02348-3".to_owned()),
            authors: Texts(vec!["Awa Ndiaye".to_owned()]),
            prices: Prices(vec![Money::new(2000, Currency::Xof)]),
            ..Details::default()
        }
    }

    fn codes(details: Details) -> Vec<(String, Code)> {
        let refusals = details.checked().unwrap_err();
        let code = |refusal: Refusal<Code>| {
            let field = refusal.field.map(Cow::into_owned).unwrap_or_default();
            (field, refusal.code)
        };
        refusals.into_iter().map(code).collect()
    }

    #[test]
    fn details_take_their_normal_form() {
        let checked = details().checked().unwrap();
        assert_eq!(checked.title, "Les Pluies");
        assert_eq!(checked.subtitle, None);
        assert_eq!(checked.language, "fr");
        assert_eq!(checked.isbn.as_deref(), Some("9780439023481"));
        assert_eq!(checked.missing(), ["description"]);
        assert_eq!(checked.clone().checked().unwrap(), checked);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let wrong = Details {
            title: "\u{202e}x".to_owned(),
            language: "<b>".to_owned(),
            isbn: Some("978".to_owned()),
            authors: Texts(vec!["A".to_owned(), "A".to_owned(), " ".to_owned()]),
            categories: Texts(vec!["romans".to_owned(), "../etc".to_owned()]),
            prices: Prices(vec![
                Money::new(0, Currency::Eur),
                Money::new(2, Currency::Xof),
                Money::new(3, Currency::Xof),
            ]),
            ..details()
        };
        let expected = [
            ("title", Code::ControlCharacters),
            ("language", Code::InvalidLanguage),
            ("isbn", Code::InvalidIsbn),
            ("authors.1", Code::Duplicate),
            ("authors.2", Code::Required),
            ("categories.1", Code::InvalidCategory),
            ("prices.0.amount", Code::InvalidPrice),
            ("prices.2.currency", Code::Duplicate),
        ];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(field, code)| (field.to_owned(), code))
            .collect();
        assert_eq!(codes(wrong), expected);
        let many = Details {
            authors: Texts(vec!["A".to_owned(); 21]),
            ..details()
        };
        assert_eq!(codes(many), [("authors".to_owned(), Code::TooMany)]);
    }
}
