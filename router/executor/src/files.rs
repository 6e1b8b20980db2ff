//! Files among variables (GraphQL multipart request specification).
//!
//! A file stands in the variables as a mark until a call is written. The mark then becomes null, as the specification
//! has it, and the call says which file belongs there. A mark is an object, so that only custom scalars take it, and it
//! holds a text that clients cannot know, so that none can be forged.

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::{Map, Value};

/// One file as a client sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedFile {
    /// The client's name for it.
    pub name: String,
    /// The media type the client claims.
    pub content_type: Option<String>,
    /// All of it.
    pub content: Bytes,
}

/// The files of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    secret: String,
    files: Vec<UploadedFile>,
}

/// The files that belong to one call.
#[derive(Debug, Clone)]
pub struct CallFiles<'a> {
    /// Random text that clients do not know and that is thus in no file: fit for a multipart boundary.
    pub boundary: &'a str,
    /// Each place in the body, such as `variables.input.files.0`, with the number of the file it takes.
    pub places: Vec<(String, usize)>,
    /// All files of the request.
    pub files: &'a [UploadedFile],
}

impl Files {
    /// No files yet. `secret` is random, at least 128 bits in letters and digits.
    pub fn new(secret: String) -> Self {
        Self {
            secret,
            files: Vec::new(),
        }
    }

    /// Adds the next file; files are numbered from 0 in this order.
    pub fn push(&mut self, file: UploadedFile) {
        self.files.push(file);
    }

    /// What stands in the variables for the file of this number.
    pub fn mark(&self, number: usize) -> Value {
        let mut mark = Map::with_capacity(1);
        mark.insert(self.secret.clone(), Value::from(number));
        Value::Object(mark)
    }

    /// A variable's value with null for every mark; each mark's place is noted.
    pub(crate) fn unmark(
        &self,
        value: &Value,
        place: &mut String,
        places: &mut Vec<(String, usize)>,
    ) -> Value {
        let length = place.len();
        match value {
            Value::Object(fields) => {
                if let Some(number) = fields.get(&self.secret).and_then(Value::as_u64) {
                    places.push((place.clone(), usize::try_from(number).unwrap_or(usize::MAX)));
                    return Value::Null;
                }
                let unmarked = fields.iter().map(|(name, value)| {
                    let _ = write!(place, ".{name}");
                    let value = self.unmark(value, place, places);
                    place.truncate(length);
                    (name.clone(), value)
                });
                Value::Object(unmarked.collect())
            }
            Value::Array(items) => {
                let unmarked = items.iter().enumerate().map(|(position, item)| {
                    let _ = write!(place, ".{position}");
                    let item = self.unmark(item, place, places);
                    place.truncate(length);
                    item
                });
                Value::Array(unmarked.collect())
            }
            other => other.clone(),
        }
    }

    /// The files for the places of one call; `None` when it has none.
    pub(crate) fn for_call(&self, places: Vec<(String, usize)>) -> Option<CallFiles<'_>> {
        (!places.is_empty()).then_some(CallFiles {
            boundary: &self.secret,
            places,
            files: &self.files,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn marks_become_null_and_their_places_are_noted() {
        let mut files = Files::new("secret".to_owned());
        for name in ["a", "b"] {
            files.push(UploadedFile {
                name: name.to_owned(),
                content_type: None,
                content: Bytes::new(),
            });
        }
        let value = json!({ "list": [files.mark(1), "x"], "one": files.mark(0), "other": { "secretly": 0 } });
        let (mut place, mut places) = ("variables.in".to_owned(), Vec::new());
        let unmarked = files.unmark(&value, &mut place, &mut places);
        assert_eq!(
            unmarked,
            json!({ "list": [null, "x"], "one": null, "other": { "secretly": 0 } })
        );
        assert_eq!(
            places,
            [
                ("variables.in.list.0".to_owned(), 1),
                ("variables.in.one".to_owned(), 0)
            ]
        );
        assert_eq!(place, "variables.in");
        assert!(files.for_call(Vec::new()).is_none());
    }
}
