//! What is asked: one request after the other, the same ones in every run but for ids, moments and keys.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use coko_core::clock::Clock;
use coko_core::ids::Entropy;
use serde_json::{Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;

use super::accounts::Reader;
use super::mix::{Kind, Mix};
use super::operations::{self, Operation};
use super::shelf::Shelf;

/// Books that a reader has begun.
const BEGUN: u64 = 3;
/// Seconds of a stretch of reading.
const STRETCH: i64 = 30;

/// Pages that browsing goes through, all equally often.
const PAGES: [Page; 8] = [
    Page::Home,
    Page::Catalogue,
    Page::Book,
    Page::Releases,
    Page::Book,
    Page::CatalogueOn,
    Page::Reviews,
    Page::Library,
];

/// What browsing shows.
#[derive(Debug, Clone, Copy)]
enum Page {
    Home,
    Catalogue,
    /// Not its first page.
    CatalogueOn,
    Book,
    Reviews,
    Releases,
    Library,
}

/// A request of a certain sort.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step(Action);

#[derive(Debug, Clone, Copy)]
enum Action {
    Browse(Page),
    Search,
    Progress,
    /// With the provider at this place.
    Purchase(usize),
}

/// Something to send.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// What the reader does.
    pub(super) kind: Kind,
    /// What is run.
    pub(super) operation: &'static Operation,
    /// With these variables.
    pub(super) variables: Value,
    /// As this reader.
    pub(super) token: &'a str,
}

/// Everything that requests are made of.
#[derive(Debug)]
pub(super) struct Workload {
    readers: Vec<Reader>,
    shelf: Shelf,
    providers: Vec<String>,
    cycle: Vec<Kind>,
    /// Tells the keys of this run from those of others.
    run: String,
    /// Books that were bought so far: every pair of reader and book once.
    purchases: AtomicU64,
    clock: Clock,
    entropy: Entropy,
}

impl Workload {
    /// `readers` must not be empty, nor what `mix` asks for: providers and books for sale, when it has purchases.
    pub(super) fn new(
        readers: Vec<Reader>,
        shelf: Shelf,
        providers: Vec<String>,
        mix: &Mix,
    ) -> Self {
        let entropy = Entropy::system();
        Self {
            readers,
            shelf,
            providers,
            cycle: mix.cycle(),
            run: hex::encode(entropy.bytes::<8>()),
            purchases: AtomicU64::new(0),
            clock: Clock::system(),
            entropy,
        }
    }

    /// How many books can still be bought by somebody who has not ordered them in this run.
    pub(super) fn room(&self) -> u64 {
        let pairs = self.readers.len() as u64 * self.shelf.for_sale.len() as u64;
        pairs.saturating_sub(self.purchases.load(Ordering::Relaxed))
    }

    /// One step of every sort that the mix has, for seeing whether it works.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for kind in Kind::ALL {
            if !self.cycle.contains(&kind) {
                continue;
            }
            match kind {
                Kind::Browse => steps.extend(PAGES.map(Action::Browse)),
                Kind::Search => steps.push(Action::Search),
                Kind::Progress => steps.push(Action::Progress),
                Kind::Purchase => steps.extend((0..self.providers.len()).map(Action::Purchase)),
            }
        }
        steps.into_iter().map(Step).collect()
    }

    /// The request with this number.
    ///
    /// # Errors
    /// When the clock shows no moment that can be written.
    pub(super) fn request(&self, number: u64) -> anyhow::Result<Request<'_>> {
        let step = match pick(&self.cycle, number) {
            Kind::Browse => Action::Browse(*pick(&PAGES, scatter(number, 0))),
            Kind::Search => Action::Search,
            Kind::Progress => Action::Progress,
            Kind::Purchase => {
                let providers = self.providers.len() as u64;
                let provider = scatter(number, 0) % providers.max(1);
                Action::Purchase(usize::try_from(provider)?)
            }
        };
        self.make(Step(step), number)
    }

    /// A request of a sort; `number` decides who asks, and for what.
    ///
    /// # Errors
    /// As [`Workload::request`].
    pub(super) fn make(&self, Step(action): Step, number: u64) -> anyhow::Result<Request<'_>> {
        let reader = pick(&self.readers, scatter(number, 1));
        let token = reader.token.as_str();
        let request = move |kind, operation, variables| Request {
            kind,
            operation,
            variables,
            token,
        };
        Ok(match action {
            Action::Browse(page) => {
                let (operation, variables) = self.page(page, number);
                request(Kind::Browse, operation, variables)
            }
            Action::Search => {
                let word = pick(&self.shelf.words, scatter(number, 2));
                let variables = json!({ "query": word });
                request(Kind::Search, &operations::SEARCH, variables)
            }
            Action::Progress => {
                let variables = self.progress(reader, number)?;
                request(Kind::Progress, &operations::PUSH, variables)
            }
            Action::Purchase(provider) => self.purchase(provider)?,
        })
    }

    fn page(&self, page: Page, number: u64) -> (&'static Operation, Value) {
        let slug = || json!({ "slug": pick(&self.shelf.slugs, scatter(number, 2)) });
        match page {
            Page::Home => (&operations::HOME, json!({})),
            Page::Catalogue => (&operations::BOOKS, json!({})),
            Page::CatalogueOn if self.shelf.cursors.is_empty() => (&operations::BOOKS, json!({})),
            Page::CatalogueOn => {
                let after = pick(&self.shelf.cursors, scatter(number, 2));
                (&operations::BOOKS, json!({ "after": after }))
            }
            Page::Book => (&operations::BOOK, slug()),
            Page::Reviews => (&operations::REVIEWS, slug()),
            Page::Releases => (&operations::RELEASES, json!({})),
            Page::Library => (&operations::LIBRARY, json!({})),
        }
    }

    /// A place, and the stretch of reading that led there, under an id of its own.
    fn progress(&self, reader: &Reader, number: u64) -> anyhow::Result<Value> {
        let now = self.clock.now();
        let begun = now - Duration::seconds(STRETCH);
        let own = scatter(reader.number, 3).wrapping_add(number % BEGUN);
        let book = pick(&self.shelf.ids, own);
        // Short of the end: whoever finishes a book does so once.
        let permille = u32::try_from(scatter(number, 4) % 900)?;
        let place = f64::from(permille) / 1000.0;
        let locator = json!({
            "href": "chapter-1.xhtml",
            "type": "application/xhtml+xml",
            "locations": { "progression": place, "totalProgression": place },
        });
        let session = json!({
            "id": self.entropy.uuid(now), "bookId": book, "startedAt": begun.format(&Rfc3339)?,
            "seconds": STRETCH, "startProgression": place, "endProgression": place + 0.01,
        });
        let at = now.format(&Rfc3339)?;
        let changes = json!([
            { "at": at, "counter": 0, "progress": { "bookId": book, "locator": locator } },
            { "at": at, "counter": 1, "session": session },
        ]);
        Ok(json!({ "input": { "deviceId": reader.device, "changes": changes } }))
    }

    /// A book for somebody who has not ordered it in this run.
    fn purchase(&self, provider: usize) -> anyhow::Result<Request<'_>> {
        let number = self.purchases.fetch_add(1, Ordering::Relaxed);
        let books = &self.shelf.for_sale;
        let reader = pick(&self.readers, number);
        let book = pick(books, number / self.readers.len() as u64);
        let provider = self.providers.get(provider);
        let provider = provider.context("a purchase needs a provider")?;
        let input = json!({
            "bookId": book, "currency": "XOF", "provider": provider,
            "idempotencyKey": format!("bench-{}-{number}", self.run),
        });
        Ok(Request {
            kind: Kind::Purchase,
            operation: &operations::PURCHASE,
            variables: json!({ "input": input }),
            token: &reader.token,
        })
    }
}

/// The item that `number` leads to, in turns.
fn pick<T>(items: &[T], number: u64) -> &T {
    let place = number % items.len() as u64;
    &items[usize::try_from(place).unwrap_or_default()]
}

/// A number that looks random and is the same for the same ones (SplitMix64).
fn scatter(number: u64, salt: u64) -> u64 {
    let mut mixed = (number ^ salt.rotate_right(8)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn workload(mix: &str) -> Workload {
        let readers = (0..3).map(|number| Reader {
            number,
            token: format!("token-{number}"),
            device: format!("device-{number}"),
        });
        let names = |prefix: &str| (0..5).map(|n| format!("{prefix}-{n}")).collect();
        let shelf = Shelf {
            ids: names("id"),
            slugs: names("slug"),
            for_sale: names("id"),
            cursors: names("cursor"),
            words: names("word"),
        };
        let providers = vec!["WAVE".to_owned(), "STRIPE".to_owned()];
        Workload::new(readers.collect(), shelf, providers, &mix.parse().unwrap())
    }

    #[test]
    fn every_purchase_is_of_a_pair_and_a_key_of_its_own() {
        let workload = workload("purchase=1");
        assert_eq!(workload.room(), 15);
        let (mut pairs, mut keys) = (HashSet::new(), HashSet::new());
        for number in 0..15 {
            let request = workload.request(number).unwrap();
            assert_eq!(request.kind, Kind::Purchase);
            let input = &request.variables["input"];
            pairs.insert((request.token, input["bookId"].to_string()));
            keys.insert(input["idempotencyKey"].to_string());
        }
        assert_eq!((pairs.len(), keys.len()), (15, 15));
        assert_eq!(workload.room(), 0);
    }

    #[test]
    fn progress_is_pushed_under_fresh_ids() {
        let workload = workload("progress=1");
        let mut ids = HashSet::new();
        for number in 0..100 {
            let request = workload.request(number).unwrap();
            let input = &request.variables["input"];
            let device = input["deviceId"].as_str().unwrap();
            assert_eq!(request.token.replace("token", "device"), device);
            let session = &input["changes"][1]["session"];
            let id = session["id"].as_str().unwrap();
            assert_eq!(&id[14..15], "7", "{id} is no UUIDv7");
            ids.insert(id.to_owned());
        }
        assert_eq!(ids.len(), 100);
    }

    #[test]
    fn steps_are_of_the_kinds_in_the_mix() {
        let workload = workload("browse=1,purchase=1");
        let steps = workload.steps();
        assert_eq!(steps.len(), PAGES.len() + 2);
        for step in steps {
            let kind = workload.make(step, 7).unwrap().kind;
            assert!(matches!(kind, Kind::Browse | Kind::Purchase), "{kind:?}");
        }
    }
}
