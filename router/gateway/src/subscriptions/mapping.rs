//! From an event to the entity that a subscription's root field answers.

use coko_core::Code;
use serde_json::{Map, Value};

use super::feed::FeedEvent;
use crate::config::EventFieldConfig;
use crate::refusal::{GraphQLError, Refusal};

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
    /// Fills the arguments in.
    ///
    /// # Errors
    /// `BAD_REQUEST` for an argument that cannot be part of a subject.
    pub(super) fn bind(
        config: &EventFieldConfig,
        arguments: &Map<String, Value>,
        type_name: String,
    ) -> Result<Self, Refusal> {
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
        let mapping = Mapping::bind(&config(), arguments, "Book".to_owned()).unwrap();
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
            let refused = Mapping::bind(&config(), arguments.as_object().unwrap(), String::new());
            assert_eq!(refused.unwrap_err().code(), Code::ValidationFailed, "{bad}");
        }
    }
}
