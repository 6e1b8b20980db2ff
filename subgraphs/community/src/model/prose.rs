//! Text of people's own: Markdown (CommonMark), rendered once when it is written, sanitised, bounded.

use std::collections::HashSet;

use coko_core::text::{self, TextError};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};
use url::Url;

use super::trust::Allowance;

/// Deeper than any person nests quotations and lists.
const MAX_NESTING: usize = 20;

/// The structure that a text may have.
const TAGS: [&str; 26] = [
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

/// A text with what it is shown as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prose {
    /// Markdown, as written.
    pub(crate) source: String,
    /// HTML that holds nothing but text, its structure, `https` and `http` links and `https` pictures.
    pub(crate) html: String,
}

/// Why a text is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProseError {
    /// Its length or its characters.
    Text(TextError),
    /// More links than this author may write.
    Links(usize),
    /// More pictures than this author may show.
    Images(usize),
    /// Quotations or lists nested too deeply.
    Nested,
}

impl Prose {
    /// Checks and renders a text of at most `max` characters; HTML in it is shown as written. Pictures come from
    /// `image_hosts`, or from anywhere where that is empty; others become links.
    pub(crate) fn new(
        input: &str,
        max: usize,
        allowance: Allowance,
        image_hosts: &[String],
    ) -> Result<Self, ProseError> {
        let source = text::block(input, max).map_err(ProseError::Text)?;
        let (mut links, mut images, mut depth) = (0, 0, 0_usize);
        let mut addresses = HashSet::new();
        // Whether each picture that is open is shown.
        let mut shown = Vec::new();
        let mut events = Vec::new();
        for event in Parser::new_ext(
            &source,
            Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES,
        ) {
            match &event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                _ => {}
            }
            if depth > MAX_NESTING {
                return Err(ProseError::Nested);
            }
            events.push(match event {
                Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
                Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
                Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
                Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    id,
                    ..
                }) => {
                    links += 1;
                    addresses.insert(dest_url.to_string());
                    Event::Start(Tag::Link {
                        link_type,
                        dest_url,
                        title: CowStr::Borrowed(""),
                        id,
                    })
                }
                Event::Start(Tag::Image {
                    link_type,
                    dest_url,
                    id,
                    ..
                }) => {
                    let title = CowStr::Borrowed("");
                    addresses.insert(dest_url.to_string());
                    let may = may_show(&dest_url, image_hosts);
                    shown.push(may);
                    if may {
                        images += 1;
                        Event::Start(Tag::Image {
                            link_type,
                            dest_url,
                            title,
                            id,
                        })
                    } else {
                        links += 1;
                        Event::Start(Tag::Link {
                            link_type,
                            dest_url,
                            title,
                            id,
                        })
                    }
                }
                Event::End(TagEnd::Image) => match shown.pop() {
                    Some(false) => Event::End(TagEnd::Link),
                    _ => Event::End(TagEnd::Image),
                },
                other => other,
            });
        }
        // Addresses that are not marked up count as well: people copy them.
        let bare = source.split_whitespace().filter(|word| {
            word.contains("://") && !addresses.iter().any(|known| word.contains(known.as_str()))
        });
        links += bare.count();
        if links > allowance.links {
            return Err(ProseError::Links(allowance.links));
        }
        if images > allowance.images {
            return Err(ProseError::Images(allowance.images));
        }
        let mut rendered = String::with_capacity(source.len() * 2);
        html::push_html(&mut rendered, events.into_iter());
        Ok(Self {
            html: sanitised(&rendered),
            source,
        })
    }
}

/// Whether a picture may be fetched by whoever reads: by `https`, and from where it is permitted.
fn may_show(address: &str, hosts: &[String]) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https"
        && !host.is_empty()
        && (hosts.is_empty() || hosts.iter().any(|permitted| permitted == host))
}

/// Leaves what a text needs, and nothing that runs, loads or styles.
fn sanitised(html: &str) -> String {
    let attributes = [
        ("a", HashSet::from(["href"])),
        ("img", HashSet::from(["alt", "src"])),
        ("ol", HashSet::from(["start"])),
    ];
    let mut builder = ammonia::Builder::default();
    builder
        .tags(TAGS.into())
        .generic_attributes(HashSet::new())
        .tag_attributes(attributes.into())
        .url_schemes(["http", "https"].into())
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("nofollow ugc noopener noreferrer"));
    builder.clean(html).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::TrustLevel;

    fn prose(input: &str, level: TrustLevel) -> Result<Prose, ProseError> {
        Prose::new(input, 1000, level.allowance(), &[])
    }

    fn html(input: &str) -> String {
        prose(input, TrustLevel::Regular).unwrap().html
    }

    #[test]
    fn markdown_is_rendered() {
        assert_eq!(
            html("**Bon** livre\n\n> cité"),
            "<p><strong>Bon</strong> livre</p>\n<blockquote>\n<p>cité</p>\n</blockquote>\n"
        );
        assert_eq!(
            html("[ici](https://coko.test/a)"),
            "<p><a href=\"https://coko.test/a\" rel=\"nofollow ugc noopener noreferrer\">ici</a></p>\n"
        );
        assert_eq!(
            html("![vue](https://coko.test/a.png)"),
            "<p><img src=\"https://coko.test/a.png\" alt=\"vue\"></p>\n"
        );
    }

    #[test]
    fn nothing_runs_and_nothing_is_fetched_unasked() {
        for hostile in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](data:text/html;base64,PHNjcmlwdD4=)",
            "![x](http://tracker.test/a.gif)",
            "![x](//tracker.test/a.gif)",
            "<iframe src=\"https://x.test\"></iframe>",
            "<a href=\"https://x.test\" style=\"position:fixed\">x</a>",
        ] {
            let html = html(hostile);
            for live in [
                "<script",
                "<img",
                "<iframe",
                "href=\"javascript",
                "href=\"data",
            ] {
                assert!(!html.contains(live), "{hostile}: {html}");
            }
        }
        let elsewhere = Prose::new(
            "![x](https://other.test/a.png)",
            100,
            TrustLevel::Regular.allowance(),
            &["pictures.test".to_owned()],
        );
        let html = elsewhere.unwrap().html;
        assert!(
            html.contains("<a href=\"https://other.test/a.png\""),
            "{html}"
        );
    }

    #[test]
    fn new_accounts_write_few_links_and_no_pictures() {
        let two = "[a](https://a.test) et https://b.test";
        assert_eq!(prose(two, TrustLevel::New), Err(ProseError::Links(1)));
        assert!(prose(two, TrustLevel::Basic).is_ok());
        let picture = "![a](https://a.test/a.png)";
        assert_eq!(prose(picture, TrustLevel::New), Err(ProseError::Images(0)));
        assert!(prose(picture, TrustLevel::Basic).is_ok());
        assert_eq!(
            prose("  ", TrustLevel::New),
            Err(ProseError::Text(TextError::Empty))
        );
        let deep = "> ".repeat(40) + "x";
        assert_eq!(prose(&deep, TrustLevel::New), Err(ProseError::Nested));
    }

    proptest! {
        /// Whatever is written, nothing is shown but the few tags that a text needs.
        #[test]
        fn nothing_else_is_shown(input in "[\\[\\]()!<>a-z/:\"'=#*_`~|&; \n-]{1,200}") {
            if let Ok(prose) = prose(&input, TrustLevel::Regular) {
                for tag in prose.html.split('<').skip(1) {
                    let tag = tag.split('>').next().unwrap().trim_start_matches('/');
                    let name = tag.split_whitespace().next().unwrap_or_default();
                    prop_assert!(TAGS.contains(&name), "{}", prose.html);
                }
            }
        }
    }
}
