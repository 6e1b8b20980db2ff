//! From an event to the entity that a subscription's root field answers.

use coko_core::Code;
use coko_core::identity::Viewer;
use serde_json::{Map, Value};

use super::feed::FeedEvent;
use crate::config::EventFieldConfig;
use crate::refusal::{GraphQLError, Refusal};

/// What stands for the subscriber's own account beside the field's arguments, whose names have no dot.
const VIEWER: &str = "viewer.id";

/// One subscription's view of a stream: which events it is about, and what of them it takes.
#[derive(Debug)]
pub(super) struct Mapping {
    pub(super) stream: String,
    /// What the broker is asked for, the same for every value of the arguments.
    pub(super) subject: String,
    /// The subject's tokens with the arguments filled in.
    tokens: Vec<String>,
    /// JSON pointer -> the text that must stand there.
    filters: Vec<(String, String)>,
    /// Field -> JSON pointer.
    entity: Vec<(String, String)>,
    type_name: String,
}

impl Mapping {
    /// Fills the arguments and the viewer in.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for an argument that cannot be part of a subject; `UNAUTHENTICATED` when events are for their
    /// own people only, and no person asks.
    pub(super) fn bind(
        config: &EventFieldConfig,
        arguments: &Map<String, Value>,
        viewer: &Viewer,
        type_name: String,
    ) -> Result<Self, Refusal> {
        let mut arguments = arguments.clone();
        match viewer.user_id() {
            Some(id) => {
                arguments.insert(VIEWER.to_owned(), id.to_string().into());
            }
            // An absent argument lets everything pass; an absent viewer must let nothing.
            None if is_private(config) => {
                return Err(Refusal::graphql(vec![GraphQLError::new(
                    Code::Unauthenticated,
                    "Sign in to subscribe to what concerns you.",
                )]));
            }
            None => {}
        }
        let arguments = &arguments;
        let (mut asked, mut tokens) = (Vec::new(), Vec::new());
        for token in config.subject.split('.') {
            match placeholder(token) {
                None => {
                    asked.push(token.to_owned());
                    tokens.push(token.to_owned());
                }
                Some(name) => {
                    asked.push("*".to_owned());
                    tokens.push(match arguments.get(name).and_then(text) {
                        None => "*".to_owned(),
                        Some(value) => token_of(name, value)?,
                    });
                }
            }
        }
        let filters = config.filters.iter().filter_map(|(pointer, template)| {
            let expected = fill(template, arguments)?;
            Some((pointer.clone(), expected))
        });
        Ok(Self {
            stream: config.stream.clone(),
            subject: asked.join("."),
            tokens,
            filters: filters.collect(),
            entity: config
                .entity
                .iter()
                .map(|(field, pointer)| (field.clone(), pointer.clone()))
                .collect(),
            type_name,
        })
    }

    /// The entity an event is about; `None` when it is not for this subscription.
    pub(super) fn entity(&self, event: &FeedEvent) -> Option<Value> {
        if !self.is_about(&event.subject) {
            return None;
        }
        let fits = self.filters.iter().all(|(pointer, expected)| {
            let found = event.content.pointer(pointer).and_then(text);
            found.is_some_and(|found| found == *expected)
        });
        if !fits {
            return None;
        }
        let mut entity = Map::new();
        entity.insert("__typename".to_owned(), self.type_name.clone().into());
        for (field, pointer) in &self.entity {
            let Some(value) = event.content.pointer(pointer) else {
                tracing::warn!(
                    subject = event.subject,
                    sequence = event.sequence,
                    pointer,
                    "an event lacks what it is mapped by"
                );
                return None;
            };
            entity.insert(field.clone(), value.clone());
        }
        Some(Value::Object(entity))
    }

    fn is_about(&self, subject: &str) -> bool {
        let mut found = subject.split('.');
        for token in &self.tokens {
            if token == ">" {
                return found.next().is_some();
            }
            match found.next() {
                Some(other) if token == "*" || token == other => {}
                _ => return false,
            }
        }
        found.next().is_none()
    }
}

/// Whether events are told to the people they are about, and nobody else.
fn is_private(config: &EventFieldConfig) -> bool {
    let viewer = format!("{{{VIEWER}}}");
    config
        .filters
        .values()
        .any(|template| template.contains(&viewer))
}

/// The argument's name in `{name}`.
fn placeholder(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}')
}

/// A scalar as text; `None` for null and what is no scalar.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The template with its arguments; `None` when one of them is null.
fn fill(template: &str, arguments: &Map<String, Value>) -> Option<String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        filled.push_str(before);
        filled.push_str(&arguments.get(name).and_then(text)?);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

fn token_of(name: &str, value: String) -> Result<String, Refusal> {
    let usable =
        !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || ".*>".contains(c));
    if usable {
        return Ok(value);
    }
    Err(Refusal::graphql(vec![GraphQLError::new(
        Code::ValidationFailed,
        format!(
            "The argument {name} is {value:?}: expected a value without spaces, dots, * and >."
        ),
    )]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config() -> EventFieldConfig {
        let map = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect()
        };
        EventFieldConfig {
            stream: "SHOP".to_owned(),
            subject: "shop.{kind}.updated".to_owned(),
            filters: map(&[("/data/id", "{id}"), ("/type", "updated")]),
            entity: map(&[("id", "/data/id")]),
        }
    }

    fn entity(arguments: Value, subject: &str, content: Value) -> Option<Value> {
        let arguments = arguments.as_object().unwrap();
        let viewer = Viewer::guest();
        let mapping = Mapping::bind(&config(), arguments, &viewer, "Book".to_owned()).unwrap();
        assert_eq!(mapping.subject, "shop.*.updated");
        mapping.entity(&FeedEvent {
            epoch: 0,
            sequence: 1,
            subject: subject.to_owned(),
            content,
        })
    }

    #[test]
    fn events_are_filtered_by_subject_and_content() {
        let event = || json!({"type": "updated", "data": {"id": 7}});
        let book = Some(json!({"__typename": "Book", "id": 7}));
        let on = "shop.book.updated";
        assert_eq!(entity(json!({}), on, event()), book);
        assert_eq!(entity(json!({"id": null}), on, event()), book);
        assert_eq!(
            entity(json!({"id": "7", "kind": "book"}), on, event()),
            book
        );
        assert_eq!(entity(json!({"id": "8"}), on, event()), None);
        assert_eq!(entity(json!({"kind": "film"}), on, event()), None);
        assert_eq!(entity(json!({}), "shop.book.updated.more", event()), None);
        assert_eq!(entity(json!({}), "shop.book", event()), None);
        assert_eq!(entity(json!({}), on, json!({"type": "updated"})), None);
        assert_eq!(entity(json!({}), on, json!({"data": {"id": 7}})), None);
    }

    #[test]
    fn an_argument_cannot_widen_the_subject() {
        for bad in ["*", ">", "a.b", "", "a b"] {
            let arguments = json!({ "kind": bad });
            let arguments = arguments.as_object().unwrap();
            let refused = Mapping::bind(&config(), arguments, &Viewer::guest(), String::new());
            assert_eq!(refused.unwrap_err().code(), Code::ValidationFailed, "{bad}");
        }
    }

    #[test]
    fn what_is_private_is_told_to_its_own_people_alone() {
        let mut config = config();
        config
            .filters
            .insert("/data/user".to_owned(), "{viewer.id}".to_owned());
        let nothing = Map::new();
        let bind = |arguments: &Map<String, Value>, viewer: &Viewer| {
            Mapping::bind(&config, arguments, viewer, "Book".to_owned())
        };
        let refused = bind(&nothing, &Viewer::guest()).unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated);

        let id = uuid::Uuid::from_u128(7);
        let mut viewer = Viewer::guest();
        viewer.principal = coko_core::identity::Principal::User { id, session: id };
        let heard = |arguments: &Value, user: &str| {
            let mapping = bind(arguments.as_object().unwrap(), &viewer).unwrap();
            let event = FeedEvent {
                epoch: 0,
                sequence: 1,
                subject: "shop.book.updated".to_owned(),
                content: json!({"type": "updated", "data": {"id": 7, "user": user}}),
            };
            mapping.entity(&event).is_some()
        };
        assert!(heard(&json!({}), &id.to_string()));
        assert!(!heard(&json!({}), &uuid::Uuid::from_u128(8).to_string()));
        // What a client sends under that name changes nothing.
        let forged = json!({ "viewer.id": uuid::Uuid::from_u128(8).to_string() });
        assert!(!heard(&forged, &uuid::Uuid::from_u128(8).to_string()));
    }
}
