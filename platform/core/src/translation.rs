//! Messages in the reader's language, from Fluent files.

use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::locale::Locale;

/// The messages of one service in every language it ships, on top of core's own.
#[derive(Clone)]
pub struct Translations {
    bundles: Arc<[(Locale, FluentBundle<FluentResource>)]>,
    bounds: &'static [(&'static str, usize)],
}

/// A Fluent file that does not parse; found by the service's own tests and at start.
#[derive(Debug, thiserror::Error)]
#[error("the {locale} translations do not parse: {reason}")]
pub struct TranslationError {
    locale: Locale,
    reason: String,
}

const CORE: [(Locale, &str); 2] = [
    (Locale::FR, include_str!("../locales/fr.ftl")),
    (Locale::EN, include_str!("../locales/en.ftl")),
];

impl Translations {
    /// Parses a service's Fluent sources; several may share a language.
    ///
    /// # Errors
    /// When a source is not well-formed Fluent or names a message twice.
    pub fn new(sources: &[(Locale, &str)]) -> Result<Self, TranslationError> {
        let mut bundles: Vec<(Locale, FluentBundle<FluentResource>)> = Vec::new();
        for (locale, source) in CORE.iter().chain(sources) {
            let failed = |reason: String| TranslationError {
                locale: locale.clone(),
                reason,
            };
            let resource = FluentResource::try_new((*source).to_owned())
                .map_err(|(_, errors)| failed(format!("{errors:?}")))?;
            let position = match bundles.iter().position(|(known, _)| known == locale) {
                Some(position) => position,
                None => {
                    let mut bundle =
                        FluentBundle::new_concurrent(vec![locale.identifier().clone()]);
                    // Isolation marks are for mixed-direction text; messages here go into e-mail and SMS as well.
                    bundle.set_use_isolating(false);
                    bundles.push((locale.clone(), bundle));
                    bundles.len() - 1
                }
            };
            bundles[position]
                .1
                .add_resource(resource)
                .map_err(|errors| failed(format!("{errors:?}")))?;
        }
        Ok(Self {
            bundles: bundles.into(),
            bounds: &[],
        })
    }

    /// Gives every message the service's own bounds to name, such as the most characters of a name.
    #[must_use]
    pub fn with_bounds(self, bounds: &'static [(&'static str, usize)]) -> Self {
        Self { bounds, ..self }
    }

    /// The message `key` for `locale`, else in French, else the key itself.
    pub fn text(&self, locale: &Locale, key: &str, args: &[(&str, FluentValue<'_>)]) -> String {
        let bounds = self.bounds.iter();
        let bounds = bounds.map(|(name, bound)| (*name, FluentValue::from(*bound)));
        let arguments: FluentArgs<'_> = bounds.chain(args.iter().cloned()).collect();
        self.bundle(locale)
            .into_iter()
            .chain(self.bundle(&Locale::FR))
            .find_map(|bundle| {
                let pattern = bundle.get_message(key)?.value()?;
                let mut faults = Vec::new();
                Some(
                    bundle
                        .format_pattern(pattern, Some(&arguments), &mut faults)
                        .into_owned(),
                )
            })
            .unwrap_or_else(|| key.to_owned())
    }

    /// Whether `key` has a message in `locale` itself.
    pub fn has(&self, locale: &Locale, key: &str) -> bool {
        self.bundle(locale)
            .is_some_and(|bundle| bundle.has_message(key))
    }

    fn bundle(&self, locale: &Locale) -> Option<&FluentBundle<FluentResource>> {
        self.bundles
            .iter()
            .find(|(known, _)| known.language() == locale.language())
            .map(|(_, bundle)| bundle)
    }
}

impl std::fmt::Debug for Translations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let languages = self.bundles.iter().map(|(locale, _)| locale.language());
        f.debug_list().entries(languages).finish()
    }
}
