//! The letters that auth writes, in the reader's language: plain text and the same as simple HTML.

use coko_core::graphql::FluentValue;
use coko_core::locale::Locale;
use coko_core::mail::{Draft, Letter};
use coko_core::translation::Translations;

use crate::model::Account;

/// One kind of letter: `auth-mail-<kind>-subject` and `auth-mail-<kind>-text` with these arguments, and a link.
#[derive(Debug)]
pub(crate) struct Content {
    pub kind: &'static str,
    pub arguments: Vec<(&'static str, String)>,
    pub link: Option<String>,
}

/// Writes a letter to the address of `account`; none when it has no address.
pub(crate) fn write(
    translations: &Translations,
    account: &Account,
    content: &Content,
) -> Option<Letter> {
    let to = account.email.clone()?;
    let locale = Locale::negotiate(&account.language);
    let text = |key: &str, arguments: &[(&str, FluentValue<'_>)]| {
        translations.text(&locale, key, arguments)
    };
    let greeting = text(
        "auth-mail-greeting",
        &[("name", FluentValue::from(account.display_name.as_str()))],
    );
    let arguments: Vec<_> = content
        .arguments
        .iter()
        .map(|(name, value)| (*name, FluentValue::from(value.as_str())))
        .collect();
    let body = text(&format!("auth-mail-{}-text", content.kind), &arguments);
    let footer = text("auth-mail-footer", &[]);
    let draft = Draft {
        language: locale.language(),
        greeting: &greeting,
        paragraphs: &[body],
        link: content.link.as_deref(),
        footer: &footer,
        unsubscribe: None,
    };
    let subject = text(&format!("auth-mail-{}-subject", content.kind), &[]);
    Some(draft.letter(to, subject))
}
