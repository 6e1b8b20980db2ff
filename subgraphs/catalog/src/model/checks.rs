//! Checks of single fields, in the order in which an input has them.

use std::borrow::Cow;

use coko_core::graphql::{Refusal, Refusals};
use coko_core::text::{self, TextError};

use super::reason::{
    ControlCharacters, InvalidCountry, InvalidSlug, InvalidUrl, Required, TooLong,
};

/// What an edit does to a field that may be empty: `None` leaves it as it is, `Some(None)` empties it.
pub type Patch<T> = Option<Option<T>>;

/// The codes of a mutation that takes texts.
pub trait TextCodes: From<Required> + From<TooLong> + From<ControlCharacters> {}

impl<C: From<Required> + From<TooLong> + From<ControlCharacters>> TextCodes for C {}

/// Gathers refusals while the fields of an input are checked one by one, so that an author sees all of them at once.
#[derive(Debug)]
pub(super) struct Checks<C>(Refusals<C>);

impl<C> Default for Checks<C> {
    fn default() -> Self {
        Self(Refusals::default())
    }
}

impl<C> Checks<C> {
    /// Refuses the field at `path`.
    pub(super) fn refuse<R>(&mut self, path: impl Into<Cow<'static, str>>, reason: R)
    where
        C: From<R>,
    {
        self.0.add(reason.into(), path);
    }

    /// Refuses the field at `path`, which has more than `max` of something.
    pub(super) fn beyond<R>(&mut self, path: &'static str, reason: R, max: usize)
    where
        C: From<R>,
    {
        self.0.push(Refusal::beyond(reason.into(), path, max));
    }

    /// One line of text, required when given at all.
    pub(super) fn line(&mut self, path: &'static str, input: &mut Option<String>, max: usize)
    where
        C: TextCodes,
    {
        if let Some(text) = input {
            match text::line(text, max) {
                Ok(clean) => *text = clean,
                Err(error) => self.text(path, error),
            }
        }
    }

    /// One line of text that may be emptied.
    pub(super) fn optional_line(
        &mut self,
        path: &'static str,
        input: &mut Patch<String>,
        max: usize,
    ) where
        C: TextCodes,
    {
        self.optional(path, input, |text| text::line(text, max));
    }

    /// Several lines of text that may be emptied.
    pub(super) fn optional_block(
        &mut self,
        path: &'static str,
        input: &mut Patch<String>,
        max: usize,
    ) where
        C: TextCodes,
    {
        self.optional(path, input, |text| text::block(text, max));
    }

    fn optional(
        &mut self,
        path: &'static str,
        input: &mut Patch<String>,
        clean: impl Fn(&str) -> Result<String, TextError>,
    ) where
        C: TextCodes,
    {
        if let Some(slot) = input
            && let Some(text) = slot
        {
            match clean(text) {
                Ok(clean) => *text = clean,
                // An empty text in a form means that there is none.
                Err(TextError::Empty) => *slot = None,
                Err(error) => self.text(path, error),
            }
        }
    }

    fn text(&mut self, path: &'static str, error: TextError)
    where
        C: TextCodes,
    {
        match error {
            TextError::Empty => self.refuse(path, Required),
            TextError::TooLong { max } => self.beyond(path, TooLong, max),
            TextError::Control => self.refuse(path, ControlCharacters),
        }
    }

    /// An absolute https address of at most 2048 characters.
    pub(super) fn url(&mut self, path: &'static str, input: Option<&Option<String>>)
    where
        C: From<InvalidUrl>,
    {
        if let Some(Some(text)) = input {
            let good = text.len() <= 2048
                && url::Url::parse(text).is_ok_and(|url| {
                    url.scheme() == "https" && url.host().is_some() && url.username().is_empty()
                });
            if !good {
                self.refuse(path, InvalidUrl);
            }
        }
    }

    /// An ISO 3166-1 alpha-2 country, in its shape.
    pub(super) fn country(&mut self, path: &'static str, input: Option<&Option<String>>)
    where
        C: From<InvalidCountry>,
    {
        if let Some(Some(code)) = input
            && !(code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()))
        {
            self.refuse(path, InvalidCountry);
        }
    }

    /// A slug in its shape.
    pub(super) fn slug(&mut self, path: &'static str, input: Option<&String>)
    where
        C: From<InvalidSlug>,
    {
        if let Some(text) = input
            && text.parse::<super::Slug>().is_err()
        {
            self.refuse(path, InvalidSlug);
        }
    }

    /// `value`, when nothing was refused.
    pub(super) fn finish<T>(self, value: T) -> Result<T, Vec<Refusal<C>>> {
        self.0.finish(value)
    }
}

/// Overwrites `slot` when there is something to overwrite it with.
pub(super) fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}
