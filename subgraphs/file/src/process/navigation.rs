//! Tables of contents: the navigation document of EPUB 3, the NCX of EPUB 2.

use super::xml::{self, Element, Node};
use crate::model::{Chapter, Reason};

/// Most entries that are kept.
const ENTRIES: usize = 5000;
/// Most characters of a title.
const TITLE: usize = 300;

/// The table of contents of a navigation document at `path`: the `nav` of type `toc` (EPUB 3.3, 7.4).
pub(super) fn from_nav(text: &str, path: &str) -> Result<Vec<Chapter>, Reason> {
    let mut chapters = Vec::new();
    let (mut inside, mut depth) = (false, 0_u8);
    let mut open: Option<(&'static str, Chapter)> = None;
    xml::walk(text, &mut |node| {
        match node {
            Node::Open(element) => match element.name() {
                "nav" => inside = is_toc(element),
                "ol" if inside => depth = depth.saturating_add(1),
                "a" if inside => {
                    open = Some(("a", chapter(element.attribute("href"), path, depth)));
                }
                "span" if inside && open.is_none() => {
                    open = Some(("span", chapter(None, path, depth)));
                }
                _ => {}
            },
            Node::Text(text) => {
                if let Some((_, chapter)) = &mut open {
                    chapter.title.push_str(text);
                }
            }
            Node::Close(name) => {
                match name {
                    "nav" => inside = false,
                    "ol" if inside => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if let Some((_, chapter)) = open.take_if(|(of, _)| *of == name) {
                    keep(&mut chapters, chapter);
                }
            }
        }
        Ok(())
    })?;
    Ok(chapters)
}

/// The table of contents of an NCX at `path` (OPF 2.0.1, 2.4.1).
pub(super) fn from_ncx(text: &str, path: &str) -> Result<Vec<Chapter>, Reason> {
    let mut chapters: Vec<Chapter> = Vec::new();
    let (mut depth, mut in_text, mut title) = (0_u8, false, String::new());
    xml::walk(text, &mut |node| {
        match node {
            Node::Open(element) => match element.name() {
                "navPoint" => {
                    depth = depth.saturating_add(1);
                    title.clear();
                }
                "text" => in_text = depth > 0,
                "content" if depth > 0 => {
                    let mut chapter = chapter(element.attribute("src"), path, depth);
                    chapter.title = std::mem::take(&mut title);
                    keep(&mut chapters, chapter);
                }
                _ => {}
            },
            Node::Text(text) if in_text => title.push_str(text),
            Node::Close("navPoint") => depth = depth.saturating_sub(1),
            Node::Close("text") => in_text = false,
            Node::Text(_) | Node::Close(_) => {}
        }
        Ok(())
    })?;
    Ok(chapters)
}

fn is_toc(element: &Element<'_>) -> bool {
    element
        .attribute("type")
        .is_some_and(|kind| kind.split_ascii_whitespace().any(|kind| kind == "toc"))
}

fn chapter(href: Option<String>, path: &str, depth: u8) -> Chapter {
    let href = href.and_then(|href| {
        let target = xml::resolve(path, &href)?;
        Some(match href.split_once('#') {
            Some((_, fragment)) if !fragment.is_empty() => format!("{target}#{fragment}"),
            _ => target,
        })
    });
    Chapter {
        title: String::new(),
        href,
        depth: depth.saturating_sub(1),
    }
}

fn keep(chapters: &mut Vec<Chapter>, mut chapter: Chapter) {
    chapter.title = chapter
        .title
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(TITLE)
        .collect();
    if !chapter.title.is_empty() && chapters.len() < ENTRIES {
        chapters.push(chapter);
    }
}
