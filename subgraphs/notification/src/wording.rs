//! The words for what people are told: from Fluent templates per kind, channel and language.
//!
//! `notification-<kind>-title` and `-text` say it; where there is `notification-<kind>-sms-text`, or the like of another channel, that
//! channel takes it instead. Several of a workflow are said by `notification-digest-<workflow>-title`.

use std::collections::HashMap;

use coko_core::graphql::FluentValue;
use coko_core::locale::Locale;
use coko_core::mail::{Draft, Letter};
use coko_core::translation::Translations;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{Channel, Fact, Facts, Notification, gsm, zone};

/// Lines of a digest; more are counted.
const MOST_LINES: usize = 10;

/// Names of those that notifications are about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) people: HashMap<Uuid, String>,
    pub(crate) books: HashMap<Uuid, String>,
}

/// Says things in one language to somebody in one zone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice<'a> {
    pub(crate) translations: &'a Translations,
    pub(crate) locale: &'a Locale,
    /// IANA.
    pub(crate) zone: &'a str,
    pub(crate) names: &'a Names,
}

/// Where a letter leads, and ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links<'a> {
    /// What stands before the paths of the applications.
    pub(crate) site: &'a str,
    /// Where such letters are ended; none for what nobody may miss.
    pub(crate) unsubscribe: Option<&'a str>,
}

impl Voice<'_> {
    /// The heading of one notification.
    pub(crate) fn title(&self, notification: &Notification, channel: Channel) -> String {
        self.part(notification, channel, "title")
    }

    /// The text of one notification.
    pub(crate) fn text(&self, notification: &Notification, channel: Channel) -> String {
        self.part(notification, channel, "text")
    }

    /// Heading and text of a push message.
    pub(crate) fn push(&self, items: &[Notification]) -> (String, String) {
        match items {
            [one] => (
                self.title(one, Channel::Push),
                self.text(one, Channel::Push),
            ),
            several => {
                let lines = self.lines(several, Channel::Push, 3);
                (self.heading(several), lines.join("\n"))
            }
        }
    }

    /// A text message, in the cheap alphabet where that is possible.
    pub(crate) fn sms(&self, items: &[Notification]) -> String {
        let text = match items {
            [one] => self.text(one, Channel::Sms),
            several => self.heading(several),
        };
        gsm::fit(&format!("Coko: {text}"))
    }

    /// A letter to somebody called `name`.
    pub(crate) fn letter(
        &self,
        to: &str,
        name: &str,
        items: &[Notification],
        links: &Links<'_>,
    ) -> Letter {
        let (subject, paragraphs, path) = match items {
            [one] => (
                self.title(one, Channel::Email),
                vec![self.text(one, Channel::Email)],
                one.link.as_deref(),
            ),
            several => (
                self.heading(several),
                self.lines(several, Channel::Email, MOST_LINES),
                Some("/notifications"),
            ),
        };
        let link = path.map(|path| format!("{}{path}", links.site));
        let name = FluentValue::from(name.to_owned());
        let greeting = self.say("notification-mail-greeting", &[("name", name)]);
        let footer = self.say("notification-mail-footer", &[]);
        let ending = self.say("notification-mail-unsubscribe", &[]);
        let draft = Draft {
            language: self.locale.language(),
            greeting: &greeting,
            paragraphs: &paragraphs,
            link: link.as_deref(),
            footer: &footer,
            unsubscribe: links.unsubscribe.map(|link| (ending.as_str(), link)),
        };
        draft.letter(to.to_owned(), subject)
    }

    /// What several of a workflow are together.
    fn heading(&self, items: &[Notification]) -> String {
        let workflow = items.first().map(|item| item.kind.workflow().key());
        let key = format!("notification-digest-{}-title", workflow.unwrap_or_default());
        let count = FluentValue::from(items.len());
        if self.knows(&key) {
            self.say(&key, &[("count", count)])
        } else {
            self.say("notification-digest-title", &[("count", count)])
        }
    }

    /// The first few of several, and how many more there are.
    fn lines(&self, items: &[Notification], channel: Channel, most: usize) -> Vec<String> {
        let shown = items.iter().take(most);
        let mut lines: Vec<String> = shown.map(|item| self.text(item, channel)).collect();
        if items.len() > most {
            let more = FluentValue::from(items.len() - most);
            lines.push(self.say("notification-digest-more", &[("count", more)]));
        }
        lines
    }

    fn part(&self, notification: &Notification, channel: Channel, part: &str) -> String {
        let kind = notification.kind.key();
        let by = channel.as_str().to_ascii_lowercase().replace('_', "-");
        let special = format!("notification-{kind}-{by}-{part}");
        let key = if self.knows(&special) {
            special
        } else {
            format!("notification-{kind}-{part}")
        };
        self.say(&key, &self.arguments(&notification.facts))
    }

    fn arguments<'f>(&self, facts: &'f Facts) -> Vec<(&'f str, FluentValue<'static>)> {
        let facts = facts.iter();
        facts.map(|(name, fact)| (name, self.value(fact))).collect()
    }

    fn value(&self, fact: &Fact) -> FluentValue<'static> {
        let text = match fact {
            Fact::Number(number) => return FluentValue::from(*number),
            Fact::Text(text) => text.clone(),
            Fact::Spoken { fr, en } => match self.locale.language() {
                "en" => en.clone(),
                _ => fr.clone(),
            },
            Fact::Term(code) => self.term(code),
            Fact::Money(money) => money.format(self.locale),
            Fact::Day(at) => self.day(*at),
            Fact::Person(id) => match self.names.people.get(id) {
                Some(name) if !name.is_empty() => name.clone(),
                _ => self.say("notification-someone", &[]),
            },
            Fact::Book(id) => match self.names.books.get(id) {
                Some(title) => title.clone(),
                None => self.say("notification-a-book", &[]),
            },
        };
        FluentValue::from(text)
    }

    /// The words for a code; the code itself, without what tells it from others, where there are none.
    fn term(&self, code: &str) -> String {
        let key = code.to_ascii_lowercase().replace('_', "-");
        let key = format!("notification-term-{key}");
        if self.knows(&key) {
            return self.say(&key, &[]);
        }
        let tail = code.split_once('-').map_or(code, |(_, tail)| tail);
        tail.to_owned()
    }

    fn day(&self, at: OffsetDateTime) -> String {
        let local = zone::local(self.zone, at);
        let arguments = [
            ("day", FluentValue::from(i64::from(local.day()))),
            ("month", FluentValue::from(i64::from(local.month()))),
            ("year", FluentValue::from(i64::from(local.year()))),
        ];
        self.say("notification-date", &arguments)
    }

    fn knows(&self, key: &str) -> bool {
        self.translations.has(self.locale, key) || self.translations.has(&Locale::FR, key)
    }

    fn say(&self, key: &str, arguments: &[(&str, FluentValue<'_>)]) -> String {
        self.translations.text(self.locale, key, arguments)
    }
}

#[cfg(test)]
mod tests {
    use coko_core::money::{Currency, Money};
    use time::macros::datetime;

    use super::*;
    use crate::model::Kind;

    const READER: Uuid = Uuid::from_u128(1);
    const BOOK: Uuid = Uuid::from_u128(2);

    /// Everything that any template may name.
    fn facts() -> Facts {
        let text = |text: &str| Fact::Text(text.to_owned());
        Facts::of([
            ("name", Fact::Person(READER)),
            ("title", Fact::Book(BOOK)),
            ("price", Fact::Money(Money::new(2500, Currency::Xof))),
            ("day", Fact::Day(datetime!(2027-03-01 23:30 UTC))),
            ("days", Fact::Number(30)),
            ("number", Fact::Number(4)),
            ("reason", Fact::Term("SPAM".to_owned())),
            ("what", Fact::Term("POST".to_owned())),
            ("failure", Fact::Term("INSUFFICIENT_FUNDS".to_owned())),
            ("provider", Fact::Term("ORANGE_MONEY".to_owned())),
            ("method", Fact::Term("password".to_owned())),
            ("role", Fact::Term("role-author".to_owned())),
            ("plan", Fact::Term("plan-premium".to_owned())),
            ("badge", text("Griot")),
            ("level", text("Érudit")),
            ("heading", text("Maintenance")),
            ("body", text("Cette nuit.")),
        ])
    }

    fn notification(kind: Kind) -> Notification {
        Notification {
            id: Uuid::nil(),
            user_id: READER,
            kind,
            subject: String::new(),
            facts: facts(),
            link: Some("/orders/1".to_owned()),
            in_app: true,
            created_at: OffsetDateTime::UNIX_EPOCH,
            read_at: None,
        }
    }

    fn spoken(locale: &Locale, check: impl Fn(&Voice<'_>)) {
        let translations = crate::translations().unwrap();
        let names = Names {
            people: [(READER, "Awa".to_owned())].into(),
            books: [(BOOK, "L'Enfant noir".to_owned())].into(),
        };
        check(&Voice {
            translations: &translations,
            locale,
            zone: "Africa/Nairobi",
            names: &names,
        });
    }

    #[test]
    fn every_kind_has_words_in_both_languages() {
        for locale in [Locale::FR, Locale::EN] {
            spoken(&locale, |voice| {
                for kind in Kind::ALL {
                    let notification = notification(*kind);
                    for part in ["title", "text"] {
                        let key = format!("notification-{}-{part}", kind.key());
                        assert!(voice.translations.has(&locale, &key), "{locale} {key}");
                    }
                    for channel in Channel::ALL {
                        let said = [
                            voice.title(&notification, *channel),
                            voice.text(&notification, *channel),
                        ];
                        for text in said {
                            assert!(!text.is_empty(), "{kind:?}");
                            // A placeholder without a value would be shown as it is written.
                            assert!(!text.contains("{$") && !text.contains('{'), "{text}");
                            assert!(!text.contains("notification-"), "{text}");
                        }
                    }
                }
            });
        }
    }

    #[test]
    fn text_messages_are_cheap_in_both_languages() {
        for locale in [Locale::FR, Locale::EN] {
            spoken(&locale, |voice| {
                for kind in Kind::ALL.iter().filter(|kind| kind.escalation().is_some()) {
                    let text = voice.sms(&[notification(*kind)]);
                    assert_eq!(gsm::segments(&text), 1, "{text}");
                }
            });
        }
    }

    #[test]
    fn facts_are_said_in_the_reader_s_language_and_zone() {
        let plain = |text: String| text.replace(['\u{a0}', '\u{202f}'], " ");
        spoken(&Locale::FR, |voice| {
            let said = |fact| match voice.value(&fact) {
                FluentValue::String(text) => plain(text.into_owned()),
                other => format!("{other:?}"),
            };
            let at = datetime!(2027-03-01 23:30 UTC);
            assert_eq!(said(Fact::Day(at)), "2 mars 2027");
            assert_eq!(
                said(Fact::Money(Money::new(1500, Currency::Xof))),
                "1 500 F CFA"
            );
            assert_eq!(said(Fact::Person(READER)), "Awa");
            assert_eq!(said(Fact::Person(BOOK)), "Quelqu'un");
            assert_eq!(said(Fact::Term("role-conjurer".to_owned())), "conjurer");
        });
    }

    #[test]
    fn a_digest_names_a_few_and_counts_the_rest() {
        spoken(&Locale::EN, |voice| {
            let twelve = vec![notification(Kind::PostReply); 12];
            let links = Links {
                site: "https://coko.example",
                unsubscribe: Some("https://coko.example/u"),
            };
            let letter = voice.letter("awa@coko.example", "Awa", &twelve, &links);
            assert_eq!(letter.subject, "12 new replies");
            assert_eq!(letter.text.matches("Awa answered").count(), MOST_LINES);
            assert!(letter.text.contains("2 more"), "{}", letter.text);
            assert!(letter.text.contains("https://coko.example/notifications"));
            assert_eq!(
                letter.unsubscribe.as_deref(),
                Some("https://coko.example/u")
            );
            let (title, text) = voice.push(&twelve);
            assert_eq!(
                (title.as_str(), text.lines().count()),
                ("12 new replies", 4)
            );
        });
    }
}
