//! Expected refusals as data: what a command answers, and a mutation's own enum of codes with its error type.

use std::borrow::Cow;

use async_graphql::Context;
use fluent_bundle::FluentValue;

use super::RequestExt as _;
use crate::locale::Locale;
use crate::translation::Translations;
use crate::{Error, Result};

/// The outcome of a command whose refusals have the codes `C`.
pub type Outcome<T, C> = std::result::Result<T, Failure<C>>;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure<C> {
    /// It was refused, for each of these reasons.
    Refused(Vec<Refusal<C>>),
    /// It was stopped: not permitted, too often, or a fault of ours.
    Stopped(Error),
}

impl<C> Failure<C> {
    /// A single refusal because of `field`.
    pub fn field(code: C, field: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(vec![Refusal::field(code, field)])
    }

    /// A single refusal of the input as a whole.
    pub fn whole(code: C) -> Self {
        Self::Refused(vec![Refusal {
            code,
            field: None,
            max: None,
        }])
    }
}

impl<C, E: Into<Error>> From<E> for Failure<C> {
    fn from(error: E) -> Self {
        Self::Stopped(error.into())
    }
}

impl<C> From<Vec<Refusal<C>>> for Failure<C> {
    fn from(refusals: Vec<Refusal<C>>) -> Self {
        Self::Refused(refusals)
    }
}

/// One expected reason to refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal<C> {
    /// The mutation's code.
    pub code: C,
    /// The input field at fault, as a path such as `prices.0.amount`; none when it is the input as a whole.
    pub field: Option<Cow<'static, str>>,
    /// The bound that was passed, which the message may name as `max`.
    pub max: Option<usize>,
}

impl<C> Refusal<C> {
    /// A refusal because of `field`.
    pub fn field(code: C, field: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            field: Some(field.into()),
            max: None,
        }
    }

    /// A refusal because `field` has more than `max` of something.
    pub fn beyond(code: C, field: impl Into<Cow<'static, str>>, max: usize) -> Self {
        Self {
            max: Some(max),
            ..Self::field(code, field)
        }
    }
}

/// Collects the refusals of an input, so that a person hears of all of them at once.
#[derive(Debug)]
pub struct Refusals<C>(Vec<Refusal<C>>);

impl<C> Default for Refusals<C> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<C> Refusals<C> {
    /// Adds a refusal because of `field`.
    pub fn add(&mut self, code: C, field: impl Into<Cow<'static, str>>) {
        self.push(Refusal::field(code, field));
    }

    /// Adds a refusal.
    pub fn push(&mut self, refusal: Refusal<C>) {
        self.0.push(refusal);
    }

    /// The value, or a refusal because of `field`.
    pub fn check<T, E>(
        &mut self,
        value: std::result::Result<T, E>,
        code: C,
        field: &'static str,
    ) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(_) => {
                self.add(code, field);
                None
            }
        }
    }

    /// `value` when the input is sound.
    ///
    /// # Errors
    /// Every refusal, in the order in which they were added.
    pub fn finish<T>(self, value: T) -> std::result::Result<T, Vec<Refusal<C>>> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self.0)
        }
    }
}

/// Turns the outcome of a command into the two halves of a payload; `make` is the constructor of the mutation's error type.
///
/// # Errors
/// What stopped the command.
pub fn settle<T, C, E>(
    context: &Context<'_>,
    outcome: Outcome<T, C>,
    make: impl Fn(&Translations, &Locale, Refusal<C>) -> E,
) -> Result<(Option<T>, Vec<E>)> {
    match outcome {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(Failure::Stopped(error)) => Err(error),
        Err(Failure::Refused(refusals)) => {
            let (translations, locale) = (context.translations(), context.locale());
            let errors = refusals
                .into_iter()
                .map(|refusal| make(translations, locale, refusal))
                .collect();
            Ok((None, errors))
        }
    }
}

/// The message `key` of a refusal whose bound is `max`.
pub fn refusal_message(
    translations: &Translations,
    locale: &Locale,
    key: &str,
    max: Option<usize>,
) -> String {
    let max = max.map(|max| ("max", FluentValue::from(max)));
    translations.text(locale, key, max.as_slice())
}

/// Declares why a mutation may refuse: an enum of codes, each with the Fluent key of its message, and the error type.
///
/// A macro, because GraphQL wants an enum and an object type per mutation, and no function can make types.
///
/// ```ignore
/// coko_core::refusal! {
///     /// Why `register` was refused.
///     RegisterError, RegisterErrorCode {
///         /// The e-mail address is malformed.
///         EmailInvalid => "auth-email-invalid",
///     }
/// }
/// let outcome = Err(Failure::field(RegisterErrorCode::EmailInvalid, "email"));
/// let (user, errors) = settle(context, outcome, RegisterError::new)?;
/// ```
#[macro_export]
macro_rules! refusal {
    ($(#[$about:meta])* $error:ident, $code:ident { $($(#[$why:meta])* $variant:ident => $key:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(async_graphql::Enum, Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(clippy::enum_variant_names, reason = "clients see the names without the type's")]
        pub enum $code {
            $($(#[$why])* $variant),+
        }

        impl $code {
            /// The Fluent key of the message for readers.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$variant => $key),+
                }
            }
        }

        $(#[$about])*
        #[derive(async_graphql::SimpleObject, Clone, Debug, PartialEq, Eq)]
        pub struct $error {
            /// The input field at fault, as a path such as `prices.0.amount`; none when it is the input as a whole.
            pub field: Option<String>,
            /// What is wrong, for programs.
            pub code: $code,
            /// What is wrong and what to do, in the viewer's language.
            pub message: String,
        }

        impl $error {
            /// The refusal with its message in `locale`.
            pub fn new(
                translations: &$crate::translation::Translations,
                locale: &$crate::locale::Locale,
                refusal: $crate::graphql::Refusal<$code>,
            ) -> Self {
                Self {
                    message: $crate::graphql::refusal_message(
                        translations,
                        locale,
                        refusal.code.key(),
                        refusal.max,
                    ),
                    field: refusal.field.map(std::borrow::Cow::into_owned),
                    code: refusal.code,
                }
            }
        }
    };
}
