//! The package document of an EPUB (EPUB 3.3, 5): metadata, manifest, spine.

use std::collections::HashMap;

use super::xml::{self, Node};
use crate::model::{Publication, Reason};

/// Most characters of a value of the metadata.
const VALUE: usize = 2000;
/// Most values of one kind, and most items of the manifest.
const VALUES: usize = 50;
const ITEMS: usize = 20_000;

/// An item of the manifest.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// As a path inside the archive; `None` when it lies elsewhere.
    pub path: Option<String>,
    /// The media type that it says.
    pub media_type: String,
    /// `nav`, `cover-image`, …
    pub properties: String,
}

/// A package document.
#[derive(Debug, Default)]
pub(super) struct Package {
    pub publication: Publication,
    pub items: HashMap<String, Item>,
    /// Ids of the spine's items, in their order.
    pub spine: Vec<String>,
    /// The id of the NCX, in EPUB 2.
    pub ncx: Option<String>,
    /// The id of the cover's picture, as EPUB 2 has it.
    pub cover: Option<String>,
    /// Whether the date of the last change is there.
    pub has_modified: bool,
}

impl Package {
    /// The item with a property.
    pub(super) fn with_property(&self, property: &str) -> Option<&Item> {
        self.items.values().find(|item| {
            item.properties
                .split_ascii_whitespace()
                .any(|found| found == property)
        })
    }

    /// The cover's picture.
    pub(super) fn cover(&self) -> Option<&Item> {
        self.with_property("cover-image")
            .or_else(|| self.items.get(self.cover.as_ref()?))
    }
}

/// The path of the package document, from `META-INF/container.xml`.
pub(super) fn locate(container: &str) -> Result<String, Reason> {
    let mut found = None;
    xml::walk(container, &mut |node| {
        if let Node::Open(element) = node
            && element.name() == "rootfile"
            && found.is_none()
        {
            found = element.attribute("full-path");
        }
        Ok(())
    })?;
    found
        .and_then(|path| xml::resolve("", &path))
        .filter(|path| !path.is_empty())
        .ok_or(Reason::NotAnEpub)
}

/// Reads the package document that lies at `path`.
pub(super) fn read(text: &str, path: &str) -> Result<Package, Reason> {
    let mut package = Package::default();
    let mut unique = None;
    // The element whose text is collected, the text, and the element's id.
    let mut open: Option<(String, Option<String>)> = None;
    let mut value = String::new();
    xml::walk(text, &mut |node| {
        match node {
            Node::Open(element) => match element.name() {
                "package" => {
                    package.publication.version = element.attribute("version");
                    unique = element.attribute("unique-identifier");
                }
                "item" if package.items.len() < ITEMS => {
                    if let (Some(id), Some(href)) =
                        (element.attribute("id"), element.attribute("href"))
                    {
                        let item = Item {
                            path: xml::resolve(path, &href),
                            media_type: element.attribute("media-type").unwrap_or_default(),
                            properties: element.attribute("properties").unwrap_or_default(),
                        };
                        package.items.insert(id, item);
                    }
                }
                "spine" => {
                    package.ncx = element.attribute("toc");
                    package.publication.right_to_left = element
                        .attribute("page-progression-direction")
                        .is_some_and(|direction| direction == "rtl");
                }
                "itemref" if package.spine.len() < ITEMS => {
                    package.spine.extend(element.attribute("idref"));
                }
                "meta" => {
                    if element
                        .attribute("name")
                        .is_some_and(|name| name == "cover")
                    {
                        package.cover = element.attribute("content");
                    }
                    package.has_modified |= element
                        .attribute("property")
                        .is_some_and(|property| property == "dcterms:modified");
                }
                name @ ("title" | "creator" | "language" | "identifier" | "publisher"
                | "description") => {
                    open = Some((name.to_owned(), element.attribute("id")));
                    value.clear();
                }
                _ => {}
            },
            Node::Text(text) if open.is_some() && value.len() < 4 * VALUE => value.push_str(text),
            Node::Text(_) => {}
            Node::Close(name) => {
                if let Some((of, id)) = open.take_if(|(of, _)| of == name) {
                    keep(
                        &mut package.publication,
                        &of,
                        &value,
                        id.is_some() && id == unique,
                    );
                }
            }
        }
        Ok(())
    })?;
    Ok(package)
}

/// Puts a value of the metadata where it belongs; the first title counts, and the identifier that the package calls unique.
fn keep(publication: &mut Publication, of: &str, value: &str, is_unique: bool) {
    let value: String = value
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(VALUE)
        .collect();
    if value.is_empty() {
        return;
    }
    match of {
        "title" => {
            publication.title.get_or_insert(value);
        }
        "creator" if publication.authors.len() < VALUES => publication.authors.push(value),
        "language" if publication.languages.len() < VALUES => publication.languages.push(value),
        "identifier" if is_unique || publication.identifier.is_none() => {
            publication.identifier = Some(value);
        }
        "publisher" => {
            publication.publisher.get_or_insert(value);
        }
        "description" => {
            publication.description.get_or_insert(value);
        }
        _ => {}
    }
}
