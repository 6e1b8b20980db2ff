//! An EPUB: what it says of itself, what is in it, and what is wrong with it (EPUB 3.3; EPUB 2 is read too).

use std::collections::HashSet;
use std::io::{Read, Seek};

use super::archive::Archive;
use super::package::{self, Package};
use super::xml::{self, Node};
use super::{Processed, image, navigation};
use crate::config::ContentLimits;
use crate::model::{Chapter, Details, Finding, Reason, Severity};

const CONTAINER: &str = "META-INF/container.xml";
const MEDIA_TYPE: &[u8] = b"application/epub+zip";
/// Characters of a position, as reading systems count (Readium positions).
const POSITION: usize = 1024;
/// Most findings that are reported.
const FINDINGS: usize = 200;
/// Most elements of a media overlay.
const OVERLAY: usize = 200_000;

/// Reads and checks an EPUB.
///
/// # Errors
/// The reason to reject it: it is dangerous, or cannot be read from its beginning to its end.
pub fn read(reader: impl Read + Seek, limits: &ContentLimits) -> Result<Processed, Reason> {
    let mut archive = Archive::open(reader, limits)?;
    let mut index = archive.verify()?;
    if archive
        .bytes("mimetype")?
        .is_none_or(|found| found.trim_ascii() != MEDIA_TYPE)
    {
        return Err(Reason::NotAnEpub);
    }
    let container = archive.bytes(CONTAINER)?.ok_or(Reason::NotAnEpub)?;
    let path = package::locate(xml::text(&container)?)?;
    let document = archive.bytes(&path)?.ok_or(Reason::NotAnEpub)?;
    let mut package = package::read(xml::text(&document)?, &path)?;
    // DRM that hides the content; obfuscated fonts are no obstacle.
    if is_protected(&mut archive, &package)? {
        return Err(Reason::Encrypted);
    }
    let mut report = Report::default();
    let reading_order = reading_order(&archive, &package, &mut report)?;
    let mut positions = 0;
    for document in &reading_order {
        positions += positions_of(&mut archive, document)?;
    }
    overlays(&mut archive, &package)?;
    let contents = contents(&mut archive, &package, &mut report)?;
    check(&archive, &package, &path, &contents, &mut report);
    let pictures = cover(&mut archive, &package, limits, &mut report)?;
    for item in package.items.values() {
        let entry = item.path.as_ref().and_then(|path| index.0.get_mut(path));
        if let Some(entry) = entry {
            entry.media_type.clone_from(&item.media_type);
        }
    }
    package.publication.reading_order = reading_order;
    Ok(Processed {
        details: Details {
            pages: Some(i32::try_from(positions).unwrap_or(i32::MAX)),
            publication: Some(package.publication),
            contents,
            findings: report.finish(),
            widths: pictures.iter().map(|(width, _)| *width).collect(),
        },
        pictures,
        index: Some(index),
    })
}

/// What is wrong with a book that can be read all the same.
#[derive(Default)]
struct Report(Vec<Finding>);

impl Report {
    fn error(&mut self, code: &str, path: Option<&str>) {
        self.add(Severity::Error, code, path);
    }

    fn warning(&mut self, code: &str, path: Option<&str>) {
        self.add(Severity::Warning, code, path);
    }

    fn add(&mut self, severity: Severity, code: &str, path: Option<&str>) {
        self.0.push(Finding {
            severity,
            code: code.to_owned(),
            path: path.map(str::to_owned),
        });
    }

    /// The gravest first, in an order that is the same for the same book.
    fn finish(mut self) -> Vec<Finding> {
        self.0
            .sort_by(|a, b| (a.severity, &a.code, &a.path).cmp(&(b.severity, &b.code, &b.path)));
        self.0.dedup();
        self.0.truncate(FINDINGS);
        self.0
    }
}

/// The documents of the spine, each of which is in the archive.
fn reading_order<R: Read + Seek>(
    archive: &Archive<R>,
    package: &Package,
    report: &mut Report,
) -> Result<Vec<String>, Reason> {
    let mut order = Vec::with_capacity(package.spine.len());
    let mut seen = HashSet::new();
    for id in &package.spine {
        let path = package.items.get(id).and_then(|item| item.path.as_ref());
        match path {
            Some(path) if !archive.contains(path) => return Err(Reason::MissingResource),
            Some(path) if seen.insert(path) => order.push(path.clone()),
            Some(path) => report.warning("repeated-in-spine", Some(path)),
            None => return Err(Reason::MissingResource),
        }
    }
    if order.is_empty() {
        return Err(Reason::NoReadingOrder);
    }
    Ok(order)
}

/// Positions of one document: at least one, and one more for every further 1,024 characters.
fn positions_of<R: Read + Seek>(archive: &mut Archive<R>, path: &str) -> Result<usize, Reason> {
    let is_text = [".xhtml", ".html", ".htm", ".xml", ".svg"]
        .iter()
        .any(|ending| path.to_ascii_lowercase().ends_with(ending));
    if !is_text {
        return Ok(1);
    }
    let bytes = archive.bytes(path)?.ok_or(Reason::XmlMalformed)?;
    let characters = xml::visible_characters(xml::text(&bytes)?)?;
    Ok(characters.div_ceil(POSITION).max(1))
}

/// Whether a document of the reading order is encrypted (OCF 3.3, 4.2.6.3.2).
fn is_protected<R: Read + Seek>(
    archive: &mut Archive<R>,
    package: &Package,
) -> Result<bool, Reason> {
    let Some(bytes) = archive.bytes("META-INF/encryption.xml")? else {
        return Ok(false);
    };
    let spine: HashSet<&String> = package
        .spine
        .iter()
        .filter_map(|id| package.items.get(id)?.path.as_ref())
        .collect();
    let mut protected = false;
    xml::walk(xml::text(&bytes)?, &mut |node| {
        if let Node::Open(element) = node
            && element.name() == "CipherReference"
            && let Some(path) = element
                .attribute("URI")
                .and_then(|uri| xml::resolve("", &uri))
        {
            protected |= spine.contains(&path);
        }
        Ok(())
    })?;
    Ok(protected)
}

/// Media overlays may speak of nothing but the book itself (Media Overlays 3.3, 9.2).
fn overlays<R: Read + Seek>(archive: &mut Archive<R>, package: &Package) -> Result<(), Reason> {
    let overlays: Vec<String> = package
        .items
        .values()
        .filter(|item| item.media_type == "application/smil+xml")
        .filter_map(|item| item.path.clone())
        .collect();
    for path in overlays {
        let Some(bytes) = archive.bytes(&path)? else {
            return Err(Reason::SmilUnsafe);
        };
        let mut elements = 0;
        let names = &*archive;
        xml::walk(xml::text(&bytes)?, &mut |node| {
            let Node::Open(element) = node else {
                return Ok(());
            };
            elements += 1;
            let reference = match element.name() {
                "text" | "audio" | "video" | "img" => element.attribute("src"),
                "body" | "seq" => element.attribute("textref"),
                _ => None,
            };
            let inside = reference.is_none_or(|reference| {
                xml::resolve(&path, &reference).is_some_and(|target| names.contains(&target))
            });
            if inside && elements <= OVERLAY {
                Ok(())
            } else {
                Err(Reason::SmilUnsafe)
            }
        })?;
    }
    Ok(())
}

fn contents<R: Read + Seek>(
    archive: &mut Archive<R>,
    package: &Package,
    report: &mut Report,
) -> Result<Vec<Chapter>, Reason> {
    if let Some(path) = package
        .with_property("nav")
        .and_then(|item| item.path.clone())
        && let Some(bytes) = archive.bytes(&path)?
    {
        return navigation::from_nav(xml::text(&bytes)?, &path);
    }
    let ncx = package.ncx.as_ref().and_then(|id| package.items.get(id));
    let ncx = ncx.or_else(|| {
        package
            .items
            .values()
            .find(|item| item.media_type == "application/x-dtbncx+xml")
    });
    if package
        .publication
        .version
        .as_ref()
        .is_some_and(|version| version.starts_with('3'))
    {
        report.error("missing-navigation", None);
    }
    if let Some(path) = ncx.and_then(|item| item.path.clone())
        && let Some(bytes) = archive.bytes(&path)?
    {
        return navigation::from_ncx(xml::text(&bytes)?, &path);
    }
    Ok(Vec::new())
}

/// What is missing, left over or pointing nowhere.
fn check<R: Read + Seek>(
    archive: &Archive<R>,
    package: &Package,
    package_path: &str,
    contents: &[Chapter],
    report: &mut Report,
) {
    let publication = &package.publication;
    for (missing, code) in [
        (publication.title.is_none(), "missing-title"),
        (publication.languages.is_empty(), "missing-language"),
        (publication.identifier.is_none(), "missing-identifier"),
    ] {
        if missing {
            report.error(code, Some(package_path));
        }
    }
    let is_3 = publication
        .version
        .as_ref()
        .is_some_and(|version| version.starts_with('3'));
    if is_3 && !package.has_modified {
        report.warning("missing-modified", Some(package_path));
    }
    if contents.is_empty() {
        report.error("empty-contents", None);
    }
    if package.cover().is_none() {
        report.warning("missing-cover", None);
    }
    let mut listed: HashSet<&str> = HashSet::from(["mimetype", package_path]);
    for item in package.items.values() {
        match &item.path {
            Some(path) => {
                if !archive.contains(path) {
                    report.error("missing-resource", Some(path));
                }
                if item.media_type.is_empty() {
                    report.error("missing-media-type", Some(path));
                }
                listed.insert(path);
            }
            None => report.warning("remote-resource", None),
        }
    }
    for name in archive.names() {
        if !listed.contains(name) && !name.starts_with("META-INF/") {
            report.warning("unlisted-resource", Some(name));
        }
    }
    for chapter in contents {
        let Some(href) = &chapter.href else { continue };
        let path = href.split('#').next().unwrap_or_default();
        if !archive.contains(path) {
            report.error("broken-link", Some(path));
        }
    }
}

/// The sizes of the cover; a cover that cannot be used is no reason to reject a book.
fn cover<R: Read + Seek>(
    archive: &mut Archive<R>,
    package: &Package,
    limits: &ContentLimits,
    report: &mut Report,
) -> Result<Vec<(u32, Vec<u8>)>, Reason> {
    let Some(path) = package.cover().and_then(|item| item.path.clone()) else {
        return Ok(Vec::new());
    };
    let Some(bytes) = archive.bytes(&path)? else {
        return Ok(Vec::new());
    };
    // Drawings are for reading systems to show.
    if path.to_ascii_lowercase().ends_with(".svg") {
        return Ok(Vec::new());
    }
    match image::sizes(&bytes, limits) {
        Ok(pictures) => Ok(pictures),
        Err(_) => {
            report.warning("unusable-cover", Some(&path));
            Ok(Vec::new())
        }
    }
}
