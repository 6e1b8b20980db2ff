//! A PDF: how many pages it has, and what it says of itself.

use std::collections::HashSet;

use lopdf::{DecompressError, Dictionary, Document, Error, LoadOptions, Object, ObjectId};

use crate::config::ContentLimits;
use crate::model::{Details, Publication, Reason};

/// Most nodes of the page tree, pages included.
const NODES: usize = 200_000;
/// Most pages that are shown.
const PAGES: i32 = 100_000;
/// Most characters of a value.
const VALUE: usize = 2000;

/// Reads what a PDF says of itself; what it draws is not looked at.
///
/// # Errors
/// The reason to reject it.
pub fn read(bytes: &[u8], limits: &ContentLimits) -> Result<Details, Reason> {
    let options = LoadOptions {
        // Pages and metadata are dictionaries; fonts, pictures and texts are dropped as they are met.
        filter: Some(structure_only),
        max_decompressed_size: Some(limits.pdf_stream_mib << 20),
        ..LoadOptions::default()
    };
    let document =
        Document::load_mem_with_options(bytes, options).map_err(|error| match error {
            Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => Reason::ZipBomb,
            _ => Reason::PdfDamaged,
        })?;
    if document.is_encrypted() || document.was_encrypted() {
        return Err(Reason::Encrypted);
    }
    let pages = count_pages(&document)?;
    Ok(Details {
        pages: Some(pages),
        publication: Some(publication(&document)),
        ..Details::default()
    })
}

fn structure_only(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    match object {
        // Of what lies in the file itself only the answer counts, not what is in it, so a container is not copied.
        Object::Stream(stream) if stream.dict.has_type(b"ObjStm") => Some((id, Object::Null)),
        Object::Stream(_) => None,
        object => Some((id, object.clone())),
    }
}

/// Counts the leaves of the page tree without believing its own counts; a node that is met twice is a circle.
fn count_pages(document: &Document) -> Result<i32, Reason> {
    let root = document
        .catalog()
        .and_then(|catalog| catalog.get(b"Pages"))
        .and_then(Object::as_reference)
        .map_err(|_| Reason::PdfDamaged)?;
    let mut seen = HashSet::from([root]);
    let mut waiting = vec![root];
    let mut pages = 0;
    while let Some(id) = waiting.pop() {
        let node = document
            .get_dictionary(id)
            .map_err(|_| Reason::PdfDamaged)?;
        let Ok(kids) = node
            .get(b"Kids")
            .and_then(|kids| document.dereference(kids))
        else {
            pages += 1;
            continue;
        };
        for kid in kids.1.as_array().map_err(|_| Reason::PdfDamaged)? {
            let kid = kid.as_reference().map_err(|_| Reason::PdfDamaged)?;
            if !seen.insert(kid) {
                return Err(Reason::PdfLoop);
            }
            if seen.len() > NODES {
                return Err(Reason::PdfDamaged);
            }
            waiting.push(kid);
        }
    }
    if (1..=PAGES).contains(&pages) {
        Ok(pages)
    } else {
        Err(Reason::PdfDamaged)
    }
}

fn publication(document: &Document) -> Publication {
    let info = document
        .trailer
        .get(b"Info")
        .and_then(|info| document.dereference(info))
        .and_then(|(_, info)| info.as_dict())
        .ok();
    let value = |key: &[u8]| info.and_then(|info| text(document, info, key));
    Publication {
        version: Some(document.version.chars().take(8).collect()),
        title: value(b"Title"),
        authors: value(b"Author").into_iter().collect(),
        description: value(b"Subject"),
        publisher: value(b"Producer"),
        ..Publication::default()
    }
}

fn text(document: &Document, info: &Dictionary, key: &[u8]) -> Option<String> {
    let (_, value) = document.dereference(info.get(key).ok()?).ok()?;
    let text = lopdf::decode_text_string(value).ok()?;
    let text: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(VALUE)
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
