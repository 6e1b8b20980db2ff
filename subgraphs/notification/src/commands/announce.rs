//! What operators tell people.

use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome, Refusals};
use coko_core::idempotency::{self, Claim};
use coko_core::text;
use diesel_async::AsyncConnection as _;
use serde::Serialize;
use uuid::Uuid;

use super::Dispatch;
use super::notify::notify;
use crate::error::SendNotificationErrorCode;
use crate::model::{Fact, Facts, Kind, Message};

/// Most people of one announcement.
const MOST: usize = 200;
/// Most characters of its parts.
const TITLE: usize = 120;
const BODY: usize = 1000;
const LINK: usize = 300;

/// Words in both languages.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Words {
    pub(crate) fr: String,
    pub(crate) en: String,
}

/// An announcement.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Announcement {
    pub(crate) to: Vec<Uuid>,
    pub(crate) title: Words,
    pub(crate) body: Words,
    pub(crate) link: Option<String>,
    pub(crate) urgent: bool,
}

/// Tells people something; the same key tells nobody twice. Returns the announcement's id.
///
/// # Errors
/// Refusals with their codes; whatever stops the command.
pub(crate) async fn announce(
    context: &CommandContext,
    dispatch: &Dispatch,
    wanted: Announcement,
    key: &str,
) -> Outcome<Uuid, SendNotificationErrorCode> {
    context.viewer.require("system", "notify")?;
    let announcement = check(&wanted)?;
    let (id, owner) = (context.id(), context.viewer.key());
    let kind = if wanted.urgent {
        Kind::UrgentAnnouncement
    } else {
        Kind::Announcement
    };
    let mut connection = dispatch.pool.get().await?;
    connection
        .transaction(async |connection| {
            let call = ("sendNotification", &wanted);
            match idempotency::claim(connection, &owner, key, call, id, context.now).await? {
                Claim::Seen(before) => return Ok(before),
                Claim::Fresh => {}
            }
            for to in &announcement.to {
                let message = Message {
                    to: *to,
                    kind,
                    subject: id.to_string(),
                    facts: announcement.facts.clone(),
                    link: wanted.link.clone(),
                };
                notify(connection, context, &message).await?;
            }
            Ok::<_, Failure<SendNotificationErrorCode>>(id)
        })
        .await
}

/// An announcement that is sound.
struct Sound {
    to: Vec<Uuid>,
    facts: Facts,
}

fn check(wanted: &Announcement) -> Outcome<Sound, SendNotificationErrorCode> {
    use SendNotificationErrorCode as Code;
    let mut refusals = Refusals::default();
    let mut to = wanted.to.clone();
    // In one order, as each is locked in turn.
    to.sort_unstable();
    to.dedup();
    if !(1..=MOST).contains(&to.len()) || to.contains(&Uuid::nil()) {
        refusals.add(Code::RecipientsInvalid, "userIds");
    }
    let mut spoken =
        |words: &Words, parse: fn(&str) -> Option<String>, code: Code, field: &'static str| {
            match parse(&words.fr).zip(parse(&words.en)) {
                Some((fr, en)) => Fact::Spoken { fr, en },
                None => {
                    refusals.add(code, field);
                    Fact::Number(0)
                }
            }
        };
    let title = |input: &str| text::line(input, TITLE).ok();
    let body = |input: &str| text::block(input, BODY).ok();
    let heading = spoken(&wanted.title, title, Code::TitleInvalid, "title");
    let body = spoken(&wanted.body, body, Code::BodyInvalid, "body");
    if wanted.link.as_deref().is_some_and(|link| !is_path(link)) {
        refusals.add(Code::LinkInvalid, "link");
    }
    let facts = Facts::of([("heading", heading), ("body", body)]);
    refusals.finish(Sound { to, facts }).map_err(Failure::from)
}

/// Whether a link leads to a place of the applications and nowhere else.
fn is_path(link: &str) -> bool {
    let begins = link.starts_with('/') && !link.starts_with("//");
    begins && link.len() <= LINK && link.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_within_the_applications() {
        for good in ["/", "/books/1", "/orders/1?from=mail#top"] {
            assert!(is_path(good), "{good}");
        }
        for bad in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "/a b",
            "/é",
        ] {
            assert!(!is_path(bad), "{bad}");
        }
    }
}
