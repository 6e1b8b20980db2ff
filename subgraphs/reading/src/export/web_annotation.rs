//! Notes as a W3C Web Annotation collection (<https://www.w3.org/TR/annotation-model/>), with the selectors that Readium's
//! readers write (<https://github.com/readium/annotations>).

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Notes;
use crate::model::{Annotation, AnnotationKind, Locator};

/// The collection with all its annotations in one page.
pub(crate) fn render(notes: &Notes) -> Value {
    let items: Vec<Value> = notes
        .annotations
        .iter()
        .filter_map(|annotation| {
            let locator = annotation.locator.as_ref()?;
            Some(item(notes, annotation, locator))
        })
        .collect();
    let id = format!("urn:uuid:{}", notes.book);
    json!({
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "id": format!("{id}#annotations"),
        "type": "AnnotationCollection",
        "label": notes.title,
        "about": { "id": id, "title": notes.title, "creator": notes.authors, "language": notes.language },
        "total": items.len(),
        "first": {
            "id": format!("{id}#annotations-1"),
            "type": "AnnotationPage",
            "startIndex": 0,
            "items": items,
        },
    })
}

fn item(notes: &Notes, annotation: &Annotation, locator: &Locator) -> Value {
    let motivation = match annotation.kind {
        AnnotationKind::Highlight => "highlighting",
        AnnotationKind::Note => "commenting",
        AnnotationKind::Bookmark => "bookmarking",
    };
    let mut item = json!({
        "id": format!("urn:uuid:{}", annotation.id),
        "type": "Annotation",
        "motivation": motivation,
        "creator": format!("urn:uuid:{}", annotation.user_id),
        "created": rfc3339(annotation.created_at),
        "modified": rfc3339(annotation.updated_at),
        "target": { "source": locator.href, "selector": selectors(notes, annotation, locator) },
    });
    if let Some(title) = &locator.title {
        item["target"]["meta"] = json!({ "headings": [{ "level": 1, "txt": title }] });
    }
    let note = annotation.note.as_deref().filter(|note| !note.is_empty());
    if note.is_some() || annotation.colour.is_some() {
        let mut body = Map::new();
        body.insert("type".to_owned(), "TextualBody".into());
        body.insert("value".to_owned(), note.unwrap_or_default().into());
        body.insert("format".to_owned(), "text/plain".into());
        if let Some(colour) = annotation.colour {
            body.insert("color".to_owned(), colour.as_str().to_lowercase().into());
        }
        item["body"] = body.into();
    }
    item
}

fn selectors(notes: &Notes, annotation: &Annotation, locator: &Locator) -> Vec<Value> {
    let mut selectors = Vec::new();
    if let Some(exact) = notes.quote(annotation) {
        let mut selector = json!({ "type": "TextQuoteSelector", "exact": exact });
        // The context of a passage that was cut is no longer that of its end.
        let is_whole = annotation.quote.as_deref() == selector["exact"].as_str();
        let text = locator.text.as_ref();
        if let Some(before) = text.and_then(|text| text.before.as_deref()) {
            selector["prefix"] = before.into();
        }
        if let Some(after) = text
            .and_then(|text| text.after.as_deref())
            .filter(|_| is_whole)
        {
            selector["suffix"] = after.into();
        }
        selectors.push(selector);
    }
    for fragment in &locator.locations.fragments {
        let specification = if fragment.starts_with("epubcfi(") {
            "http://www.idpf.org/epub/linking/cfi/epub-cfi.html"
        } else if locator.media_type == "application/pdf" {
            "http://tools.ietf.org/rfc/rfc3778"
        } else {
            "http://tools.ietf.org/rfc/rfc3236"
        };
        selectors.push(
            json!({ "type": "FragmentSelector", "conformsTo": specification, "value": fragment }),
        );
    }
    if let Some(progression) = locator.locations.progression {
        selectors.push(json!({ "type": "ProgressionSelector", "value": progression }));
    }
    selectors
}

fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::notes;

    #[test]
    fn annotations_are_what_the_model_says() {
        let collection = render(&notes());
        assert_eq!(collection["@context"], "http://www.w3.org/ns/anno.jsonld");
        assert_eq!(collection["total"], 3);
        let items = &collection["first"]["items"];
        assert_eq!(items[0]["type"], "Annotation");
        assert_eq!(items[0]["motivation"], "highlighting");
        assert_eq!(items[0]["body"]["value"], "# Début");
        assert_eq!(items[0]["body"]["color"], "yellow");
        assert_eq!(items[0]["created"], "2026-02-01T10:00:00Z");
        let selector = &items[0]["target"]["selector"][0];
        assert_eq!(
            selector["exact"],
            "<b>Aïssatou</b>,\nj'ai reçu [ton mot](x)"
        );
        let long = items[1]["target"]["selector"][0]["exact"].as_str().unwrap();
        assert!(long.ends_with('…') && long.chars().count() <= 301);
        assert_eq!(items[2]["motivation"], "bookmarking");
    }
}
