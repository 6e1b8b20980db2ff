//! Asking for a part of what a request asks for, and putting the answer together again.

use std::collections::HashMap;

use bytes::Bytes;
use coko_executor::BodyLayout;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// One representation of a request: the position of its list and its position in the list.
pub(crate) type Place = (usize, usize);

/// The request's body with these representations only, which are in the order of the body.
pub(crate) fn reduced(body: &[u8], layout: &BodyLayout<'_>, wanted: &[Place]) -> Bytes {
    let mut out = Vec::with_capacity(body.len());
    let mut copied = 0;
    let mut wanted = wanted.iter().peekable();
    for (position, list) in layout.lists().enumerate() {
        out.extend_from_slice(&body[copied..list.content.0]);
        let mut first = true;
        while let Some((_, item)) = wanted.next_if(|(list, _)| *list == position) {
            if !first {
                out.push(b',');
            }
            first = false;
            if let Some((start, end)) = list.item(*item) {
                out.extend_from_slice(&body[start..end]);
            }
        }
        copied = list.content.1;
    }
    out.extend_from_slice(&body[copied..]);
    out.into()
}

/// An answer to an entity fetch, taken apart.
pub(crate) struct Parts<'a> {
    /// For each output of the fetch, what it says of each representation that was asked for.
    pub(crate) values: Vec<Vec<&'a RawValue>>,
    pub(crate) errors: Vec<Value>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Option<HashMap<String, &'a RawValue>>,
    #[serde(default)]
    errors: Option<Vec<Value>>,
}

/// Takes an answer apart; `None` when it does not have as many entities as were asked for. `outputs` are the keys with how
/// many each must have.
pub(crate) fn take_apart<'a>(body: &'a [u8], outputs: &[(&str, usize)]) -> Option<Parts<'a>> {
    let answer: Answer<'a> = serde_json::from_slice(body).ok()?;
    let data = answer.data?;
    let values = outputs
        .iter()
        .map(|(key, count)| {
            let list: Vec<&RawValue> = serde_json::from_str(data.get(*key)?.get()).ok()?;
            (list.len() == *count).then_some(list)
        })
        .collect::<Option<_>>()?;
    Some(Parts {
        values,
        errors: answer.errors.unwrap_or_default(),
    })
}

/// The data of an answer, with errors or without.
pub(crate) fn data(body: &[u8]) -> Option<Value> {
    #[derive(Deserialize)]
    struct Whole {
        data: Option<Value>,
    }
    let answer: Whole = serde_json::from_slice(body).ok()?;
    answer.data
}

/// The data of a whole answer to root fields, when it has no errors.
pub(crate) fn flawless_data(body: &[u8]) -> Option<Value> {
    #[derive(Deserialize)]
    struct Whole {
        data: Option<Value>,
        errors: Option<Vec<Value>>,
    }
    let answer: Whole = serde_json::from_slice(body).ok()?;
    let flawless = answer.errors.is_none_or(|errors| errors.is_empty());
    answer.data.filter(|data| flawless && data.is_object())
}

/// The output and the position in its list that an error is about.
pub(crate) fn blamed(error: &Value, outputs: &[(&str, usize)]) -> Option<(usize, usize)> {
    let [Value::String(key), Value::Number(index), ..] = error.get("path")?.as_array()?.as_slice()
    else {
        return None;
    };
    let output = outputs.iter().position(|(output, _)| output == key)?;
    let index = usize::try_from(index.as_u64()?).ok()?;
    (index < outputs[output].1).then_some((output, index))
}

/// The error, about another position of its list.
pub(crate) fn moved(mut error: Value, index: usize) -> Value {
    if let Some(position) = error.get_mut("path").and_then(|path| path.get_mut(1)) {
        *position = index.into();
    }
    error
}

/// An answer from the values of each output.
pub(crate) fn put_together(outputs: &[&str], values: &[Vec<&str>], errors: &[Value]) -> Bytes {
    let mut out = b"{\"data\":{".to_vec();
    for (position, (key, values)) in outputs.iter().zip(values).enumerate() {
        if position > 0 {
            out.push(b',');
        }
        out.extend_from_slice(Value::from(*key).to_string().as_bytes());
        out.extend_from_slice(b":[");
        for (position, value) in values.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            out.extend_from_slice(value.as_bytes());
        }
        out.push(b']');
    }
    out.push(b'}');
    if !errors.is_empty() {
        out.extend_from_slice(b",\"errors\":");
        out.extend_from_slice(Value::from(errors).to_string().as_bytes());
    }
    out.push(b'}');
    out.into()
}

/// The values of one representation under each output of its list: as it is when there is one, as a list else.
pub(crate) fn bundle<'a>(values: impl Iterator<Item = &'a RawValue>) -> Bytes {
    let texts: Vec<&str> = values.map(RawValue::get).collect();
    match texts.as_slice() {
        [one] => Bytes::copy_from_slice(one.as_bytes()),
        several => Bytes::from(format!("[{}]", several.join(","))),
    }
}

/// What [`bundle`] put together; `None` when it is not `count` values.
pub(crate) fn unbundle(bytes: &[u8], count: usize) -> Option<Vec<&str>> {
    if count == 1 {
        return Some(vec![std::str::from_utf8(bytes).ok()?]);
    }
    let values: Vec<&RawValue> = serde_json::from_slice(bytes).ok()?;
    (values.len() == count).then(|| values.into_iter().map(RawValue::get).collect())
}
