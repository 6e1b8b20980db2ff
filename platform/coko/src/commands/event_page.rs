//! The catalogue of events for people: one section a domain, made of the samples that contract tests check.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use coko_core::events::{Described, live_subject, subject};
use serde_json::Value;

/// What comes before the first domain.
const HEAD: &str = "# Events

What the domains tell each other: CloudEvents 1.0 in structured JSON over NATS JetStream. `coko schema` writes this page from the
samples in `platform/core/src/events`; do not edit it.

Every event is an envelope around one of the payloads below:

| attribute | is |
|---|---|
| `specversion` | always `1.0` |
| `id` | UUIDv7: the key of every deduplication, and `Nats-Msg-Id` |
| `source` | `coko/<domain>` |
| `type` | as the headings below |
| `subject` | the id of what it is about |
| `time` | when it happened, UTC |
| `datacontenttype` | always `application/json` |
| `dataschema` | `coko/<domain>/<type>/v<version>` |
| `traceparent` | W3C Trace Context of what caused it |
| `correlationid` | the request at the beginning of the chain |
| `causationid` | the event that caused this one |
| `actorid` | the user who did it |
| `data` | the payload |

A consumer takes every event once by its `id` and tolerates fields that it does not know. A breaking change is a new version beside
the old one. The history of a domain is the stream `COKO_<DOMAIN>`; what matters only at the moment (*transient*) is kept for an hour
in `COKO_LIVE_<DOMAIN>`.
";

/// The page of these events, which come in the order of domains and types.
pub(super) fn page(events: &[Described]) -> String {
    let mut page = HEAD.to_owned();
    let mut domain = "";
    for event in events {
        if event.domain != domain {
            domain = event.domain;
            line(&mut page, &format!("\n## {domain}"));
        }
        let on = if event.transient {
            live_subject(event.domain, event.kind)
        } else {
            subject(event.domain, event.kind)
        };
        let transient = if event.transient { ", transient" } else { "" };
        line(&mut page, &format!("\n### `{}`\n", event.kind));
        line(
            &mut page,
            &format!("Version {}, on `{on}`{transient}.\n", event.version),
        );
        line(&mut page, "| field | is | such as |\n|---|---|---|");
        for (name, value) in fields(&event.sample) {
            line(
                &mut page,
                &format!("| `{name}` | {} | `{}` |", kind(value), such_as(value)),
            );
        }
    }
    page
}

fn line(page: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{text}");
}

/// The fields of a payload, those of nested objects by their path.
fn fields(sample: &Value) -> BTreeMap<String, &Value> {
    let mut found = BTreeMap::new();
    let mut open = vec![(String::new(), sample)];
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (name, value) in fields {
                    let path = if path.is_empty() {
                        name.clone()
                    } else {
                        format!("{path}.{name}")
                    };
                    open.push((path, value));
                }
            }
            value => {
                found.insert(path, value);
            }
        }
    }
    found
}

/// What a value is, in a word.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing here; may be there",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// The value, cut to fit a table.
fn such_as(value: &Value) -> String {
    const MOST: usize = 80;
    let text = value.to_string().replace('|', "\\|").replace('`', "'");
    if text.chars().count() <= MOST {
        return text;
    }
    let cut: String = text.chars().take(MOST).collect();
    format!("{cut}…")
}

#[cfg(test)]
mod tests {
    use coko_core::events::catalogue;

    use super::*;

    #[test]
    fn every_event_has_its_section_and_every_field_its_line() {
        let events = catalogue().unwrap();
        let page = page(&events);
        for event in &events {
            assert!(
                page.contains(&format!("\n### `{}`\n", event.kind)),
                "{}",
                event.kind
            );
        }
        assert!(
            page.contains("| `price.currency` | string | `\"XOF\"` |"),
            "{page}"
        );
        assert!(page.contains("on `coko-live.reading.progress.changed`, transient"));
    }
}
