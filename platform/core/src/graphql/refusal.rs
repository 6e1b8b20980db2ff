//! Expected refusals as data: a mutation's own enum of codes and an error type with field, code and message.

use fluent_bundle::FluentValue;

use crate::locale::Locale;
use crate::text::TextError;
use crate::translation::Translations;

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
/// RegisterError::new(context.translations(), context.locale(), RegisterErrorCode::EmailInvalid, Some("email"), &[]);
/// ```
#[macro_export]
macro_rules! refusal {
    ($(#[$about:meta])* $error:ident, $code:ident { $($(#[$why:meta])* $variant:ident => $key:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(async_graphql::Enum, Clone, Copy, Debug, PartialEq, Eq)]
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
                code: $code,
                field: Option<&str>,
                arguments: &[(&str, $crate::graphql::FluentValue<'_>)],
            ) -> Self {
                Self {
                    field: field.map(str::to_owned),
                    code,
                    message: translations.text(locale, code.key(), arguments),
                }
            }
        }
    };
}

/// The message of a text that is not accepted.
pub fn text_refusal(translations: &Translations, locale: &Locale, error: TextError) -> String {
    match error {
        TextError::TooLong { max } => {
            translations.text(locale, error.key(), &[("max", FluentValue::from(max))])
        }
        TextError::Empty | TextError::Control => translations.text(locale, error.key(), &[]),
    }
}
