//! A text and a width to lines of glyphs.

use parley::style::{FontFamily, FontWeight, LineHeight, OverflowWrap, StyleProperty};
use parley::{Alignment, AlignmentOptions, FontContext, Language, Layout, LayoutContext};

use crate::fonts;

/// How a text looks.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    /// The size of the letters, in points.
    pub(crate) size: f32,
    pub(crate) bold: bool,
    pub(crate) align: Alignment,
}

/// Languages, by their primary subtag, that are written from right to left. A script subtag says more.
const LEFTWARD: [&str; 15] = [
    "ar", "arc", "ary", "arz", "ckb", "dv", "fa", "he", "iw", "nqo", "ps", "sd", "ug", "ur", "yi",
];
const LEFTWARD_SCRIPTS: [&str; 7] = ["Adlm", "Arab", "Hebr", "Mend", "Nkoo", "Syrc", "Thaa"];

fn is_leftward(language: &Language) -> bool {
    match language.script() {
        Some(script) => LEFTWARD_SCRIPTS.contains(&script),
        None => LEFTWARD.contains(&language.language()),
    }
}

/// Fonts and scratch memory for one document.
pub(crate) struct Typesetter {
    fonts: FontContext,
    layouts: LayoutContext<()>,
    language: Option<Language>,
}

impl Typesetter {
    pub(crate) fn new(language: &str) -> Self {
        Self {
            fonts: fonts::context(),
            layouts: LayoutContext::new(),
            // Variants and extensions do not change how letters look.
            language: Language::parse_prefix(language)
                .ok()
                .map(|(language, _rest)| language),
        }
    }

    /// Whether the document is read from right to left.
    pub(crate) fn is_leftward(&self) -> bool {
        self.language.as_ref().is_some_and(is_leftward)
    }

    /// The text in lines no wider than `width`, in points.
    pub(crate) fn lines(&mut self, text: &str, style: Style, width: f32) -> Layout<()> {
        let mut builder = self
            .layouts
            .ranged_builder(&mut self.fonts, text, 1.0, false);
        let families = FontFamily::List(fonts::families().into());
        builder.push_default(StyleProperty::FontFamily(families));
        builder.push_default(StyleProperty::FontSize(style.size));
        builder.push_default(StyleProperty::Locale(self.language));
        // Fixed, so that a line of any script is as high as the next.
        builder.push_default(LineHeight::FontSizeRelative(1.45));
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::Anywhere));
        if style.bold {
            builder.push_default(StyleProperty::FontWeight(FontWeight::BOLD));
        }
        let mut layout = builder.build(text);
        layout.break_all_lines(Some(width));
        layout.align(style.align, AlignmentOptions::default());
        layout
    }
}

#[cfg(test)]
mod tests {
    use super::Typesetter;

    #[test]
    fn language_and_script_say_the_direction() {
        for language in ["ar", "ar-MA", "he", "ff-Adlm-GN", "nqo"] {
            assert!(Typesetter::new(language).is_leftward(), "{language}");
        }
        for language in ["fr", "en-GB", "ff", "ha", "az-Latn", "", "?"] {
            assert!(!Typesetter::new(language).is_leftward(), "{language}");
        }
    }
}
