//! A letter as it is written: its parts in the reader's language, laid out as plain text and as simple HTML.

use super::Letter;

/// The parts of a letter.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// The language, for screen readers: `fr`.
    pub language: &'a str,
    /// How the reader is addressed.
    pub greeting: &'a str,
    /// What is to be said.
    pub paragraphs: &'a [String],
    /// Where it leads.
    pub link: Option<&'a str>,
    /// Who writes, and why.
    pub footer: &'a str,
    /// Where the reader ends such letters: what to call it, and the address.
    pub unsubscribe: Option<(&'a str, &'a str)>,
}

impl Draft<'_> {
    /// The letter.
    pub fn letter(&self, to: String, subject: String) -> Letter {
        Letter {
            to,
            subject,
            text: self.text(),
            html: Some(self.html()),
            unsubscribe: self.unsubscribe.map(|(_, link)| link.to_owned()),
        }
    }

    fn text(&self) -> String {
        let mut parts = vec![self.greeting.to_owned()];
        parts.extend_from_slice(self.paragraphs);
        parts.extend(self.link.map(str::to_owned));
        parts.extend(["--".to_owned(), self.footer.to_owned()]);
        parts.extend(
            self.unsubscribe
                .map(|(name, link)| format!("{name} {link}")),
        );
        parts.join("\n\n")
    }

    fn html(&self) -> String {
        let paragraph = |text: &str| format!("<p>{}</p>", escape(text).replace('\n', "<br>"));
        let anchor =
            |name: &str, link: &str| format!("<a href=\"{}\">{}</a>", escape(link), escape(name));
        let body: String = self.paragraphs.iter().map(|text| paragraph(text)).collect();
        let link = self
            .link
            .map(|link| format!("<p>{}</p>", anchor(link, link)));
        let ending = self.unsubscribe.map(|(name, link)| anchor(name, link));
        format!(
            "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><body>{}{body}{}<hr><p><small>{} {}</small></p></body></html>",
            escape(self.language),
            paragraph(self.greeting),
            link.unwrap_or_default(),
            escape(self.footer),
            ending.unwrap_or_default(),
        )
    }
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
        let draft = Draft {
            language: "fr",
            greeting: "Bonjour <b>Awa</b>,",
            paragraphs: &["Un\ndeux".to_owned()],
            link: Some("https://coko.example/?a=1&b=2"),
            footer: "Coko",
            unsubscribe: None,
        };
        let letter = draft.letter("awa@coko.example".to_owned(), "Salut".to_owned());
        let html = letter.html.unwrap();
        assert!(
            html.contains("&lt;b&gt;Awa") && html.contains("Un<br>deux"),
            "{html}"
        );
        assert!(html.contains("?a=1&amp;b=2"), "{html}");
        assert_eq!(
            letter.text,
            "Bonjour <b>Awa</b>,\n\nUn\ndeux\n\nhttps://coko.example/?a=1&b=2\n\n--\n\nCoko"
        );
    }
}
