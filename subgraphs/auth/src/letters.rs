//! The letters that auth writes, in the reader's language: plain text and the same as simple HTML.

use coko_core::graphql::FluentValue;
use coko_core::locale::Locale;
use coko_core::mail::Letter;
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
    let link = content.link.as_deref();
    let plain = [
        Some(greeting.as_str()),
        Some(&body),
        link,
        Some("--"),
        Some(&footer),
    ];
    let anchor = link
        .map(|link| format!("<p><a href=\"{0}\">{0}</a></p>", escape(link)))
        .unwrap_or_default();
    let html = format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><body><p>{}</p><p>{}</p>{anchor}<hr><p><small>{}</small></p></body></html>",
        escape(locale.language()),
        escape(&greeting),
        escape(&body),
        escape(&footer),
    );
    Some(Letter {
        to,
        subject: text(&format!("auth-mail-{}-subject", content.kind), &[]),
        text: plain.into_iter().flatten().collect::<Vec<_>>().join("\n\n"),
        html: Some(html),
        unsubscribe: None,
    })
}

/// Text as HTML content and attribute values take it.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_write_markup() {
        assert_eq!(
            escape("<a href=\"x\">&"),
            "&lt;a href=&quot;x&quot;&gt;&amp;"
        );
    }
}
