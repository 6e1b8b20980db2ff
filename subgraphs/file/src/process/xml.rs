//! XML that a stranger sent: walked through once, without a tree, without entities, within bounds.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use crate::model::Reason;

/// Most elements inside each other.
const DEPTH: usize = 256;
/// Most events of one document.
const EVENTS: usize = 4_000_000;

/// What is met on the way.
#[derive(Debug)]
pub enum Node<'a> {
    /// An element begins.
    Open(&'a Element<'a>),
    /// The element of this local name ends.
    Close(&'a str),
    /// Text, its references resolved.
    Text(&'a str),
}

/// An element that begins.
#[derive(Debug)]
pub struct Element<'a>(BytesStart<'a>);

impl Element<'_> {
    /// Its name without a prefix.
    pub fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// The value of the attribute with this local name, whatever its prefix.
    pub fn attribute(&self, name: &str) -> Option<String> {
        self.0
            .attributes()
            .with_checks(false)
            .flatten()
            .find(|attribute| attribute.key.local_name().into_inner() == name)
            .and_then(|attribute| {
                attribute
                    .normalized_value(XmlVersion::Implicit1_0)
                    .ok()
                    .map(std::borrow::Cow::into_owned)
            })
    }
}

/// A document as text: UTF-8, with or without a byte order mark.
///
/// # Errors
/// `XML_MALFORMED` when it is in another encoding.
pub fn text(bytes: &[u8]) -> Result<&str, Reason> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|_| Reason::XmlMalformed)
}

/// Goes through a document from its beginning to its end.
///
/// # Errors
/// What `visit` returns; `XML_ENTITIES` for declarations inside the document, `XML_MALFORMED` for everything else.
pub fn walk(
    text: &str,
    visit: &mut dyn FnMut(Node<'_>) -> Result<(), Reason>,
) -> Result<(), Reason> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut depth, mut opened) = (0_usize, false);
    for _ in 0..EVENTS {
        match reader.read_event().map_err(|_| Reason::XmlMalformed)? {
            Event::Start(start) => {
                depth += 1;
                if depth > DEPTH {
                    return Err(Reason::XmlMalformed);
                }
                opened = true;
                visit(Node::Open(&Element(start)))?;
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                visit(Node::Close(end.local_name().into_inner()))?;
            }
            Event::Text(text) => visit(Node::Text(&text))?,
            Event::CData(text) => visit(Node::Text(&text))?,
            Event::GeneralRef(reference) => {
                let resolved = reference
                    .resolve_char_ref()
                    .map_err(|_| Reason::XmlMalformed)?;
                match resolved {
                    Some(c) => visit(Node::Text(c.encode_utf8(&mut [0; 4])))?,
                    // The names of XHTML, which no document here may declare by itself, are all one character.
                    None => visit(Node::Text(
                        quick_xml::escape::resolve_predefined_entity(&reference)
                            .unwrap_or("\u{a0}"),
                    ))?,
                }
            }
            // A public document type is a mere name; declarations inside the document are how entities explode.
            Event::DocType(doctype) if doctype.contains('[') || doctype.contains("<!") => {
                return Err(Reason::XmlEntities);
            }
            Event::Eof if opened && depth == 0 => return Ok(()),
            Event::Eof => return Err(Reason::XmlMalformed),
            _ => {}
        }
    }
    Err(Reason::XmlMalformed)
}

/// Characters that a reader sees in an XHTML document, white space counted once.
///
/// # Errors
/// As [`walk`].
pub fn visible_characters(text: &str) -> Result<usize, Reason> {
    let (mut hidden, mut count, mut space) = (0_usize, 0_usize, true);
    walk(text, &mut |node| {
        match node {
            Node::Open(element) => {
                hidden += usize::from(hidden > 0 || is_hidden(element.name()));
            }
            Node::Close(_) => hidden = hidden.saturating_sub(1),
            Node::Text(text) if hidden == 0 => {
                for c in text.chars() {
                    let white = c.is_whitespace();
                    count += usize::from(!(white && space));
                    space = white;
                }
            }
            Node::Text(_) => {}
        }
        Ok(())
    })?;
    Ok(count)
}

fn is_hidden(name: &str) -> bool {
    ["head", "script", "style", "template"]
        .iter()
        .any(|hidden| name.eq_ignore_ascii_case(hidden))
}

/// The address of `href` as seen from the document `base`, as a path inside the archive, without its fragment.
///
/// `None` for an address outside the book: a scheme, an absolute path, more steps up than there are.
pub fn resolve(base: &str, href: &str) -> Option<String> {
    let path = href.split(['#', '?']).next().unwrap_or_default();
    if path.is_empty() {
        return Some(base.to_owned());
    }
    let path = percent_decoded(path)?;
    if path.starts_with('/') || path.contains(['\\', '\0']) || has_scheme(&path) {
        return None;
    }
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether an address begins with a scheme (RFC 3986, 3.1).
pub fn has_scheme(href: &str) -> bool {
    href.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// The text that a percent-encoded one stands for; `None` when that is not UTF-8.
pub fn percent_decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = bytes
            .get(at + 1..at + 3)
            .filter(|_| byte == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(code.unwrap_or(byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_is_seen_is_counted() {
        let page = "<html><head><title>No</title></head><body><p>Il  était\n une&#160;fois &amp; &nbsp;toi</p><script>no</script></body></html>";
        assert_eq!(
            visible_characters(page),
            Ok("Il était une\u{a0}fois & toi".chars().count())
        );
    }

    #[test]
    fn entities_and_depth_are_refused() {
        let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><l>&b;</l>";
        assert_eq!(visible_characters(laughs), Err(Reason::XmlEntities));
        let outside = "<!DOCTYPE l [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><l>&a;</l>";
        assert_eq!(visible_characters(outside), Err(Reason::XmlEntities));
        let xhtml = "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.1//EN\" \"http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd\"><html/>";
        assert_eq!(visible_characters(xhtml), Ok(0));
        let deep = "<a>".repeat(300) + &"</a>".repeat(300);
        for malformed in [deep.as_str(), "", "text", "<a>", "<a></b>", "<a><b></a>"] {
            assert_eq!(
                visible_characters(malformed),
                Err(Reason::XmlMalformed),
                "{malformed:.20}"
            );
        }
    }

    #[test]
    fn addresses_stay_in_the_book() {
        let resolve = |href| resolve("OEBPS/text/one.xhtml", href);
        assert_eq!(
            resolve("two.xhtml#a").as_deref(),
            Some("OEBPS/text/two.xhtml")
        );
        assert_eq!(resolve("#a").as_deref(), Some("OEBPS/text/one.xhtml"));
        assert_eq!(
            resolve("../img/a%20b.png").as_deref(),
            Some("OEBPS/img/a b.png")
        );
        for outside in [
            "../../../x",
            "/x",
            "http://x/y",
            "file:x",
            "..%2f..%2f..%2fx",
            "\\x",
        ] {
            assert_eq!(resolve(outside), None, "{outside}");
        }
    }

    proptest! {
        #[test]
        fn no_document_breaks_the_walk(text in ".{0,200}") {
            let _ = visible_characters(&text);
        }

        #[test]
        fn no_address_leads_out(href in "[a./%25e#?:\\\\]{0,40}") {
            if let Some(path) = resolve("a/b/c", &href) {
                prop_assert!(!path.starts_with('/') && path.split('/').all(|part| part != ".."), "{}", path);
            }
        }
    }
}
