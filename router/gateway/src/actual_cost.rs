//! What an operation did cost, counted in its answer as `demand` estimates it: every composite and every weighted leaf that
//! is there, once per item of lists. What is null was not there.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::config::Audience;
use crate::context::RequestContext;
use crate::demand::{Demand, Term};

/// The request header that asks for the cost.
const HEADER: &str = "x-graphql-cost";

/// Whether the caller asks for the cost and may know it.
pub(crate) fn is_asked(context: &RequestContext) -> bool {
    let allowed = match context.engine.config.limits.cost_shown_to {
        Audience::Everyone => true,
        Audience::Authenticated => context.is_authenticated(),
        Audience::Nobody => false,
    };
    allowed && context.headers.contains_key(HEADER)
}

/// The answer with `extensions.cost`: what was estimated and what it was.
pub(crate) fn told(body: &Bytes, demand: &Demand, estimated: u64) -> Bytes {
    let Ok(answer) = serde_json::from_slice::<Value>(body) else {
        return body.clone();
    };
    let Some(opened) = body.strip_suffix(b"}") else {
        return body.clone();
    };
    let actual = object(&demand.terms.iter().collect::<Vec<_>>(), &answer["data"]);
    let cost = json!({ "cost": { "estimated": estimated, "actual": actual } });
    let mut told = opened.to_vec();
    told.extend_from_slice(b",\"extensions\":");
    told.extend_from_slice(cost.to_string().as_bytes());
    told.push(b'}');
    told.into()
}

/// Fields that are asked for several times under one key are one field.
fn object(terms: &[&Term], value: &Value) -> u64 {
    let mut fields: BTreeMap<&str, (u64, Vec<&Term>)> = BTreeMap::new();
    for term in terms {
        let field = fields.entry(&term.key).or_default();
        field.0 = field.0.max(term.weight);
        field.1.extend(&term.children);
    }
    fields
        .into_iter()
        .filter_map(|(key, (weight, children))| Some(field(weight, &children, value.get(key)?)))
        .fold(0, u64::saturating_add)
}

fn field(weight: u64, children: &[&Term], value: &Value) -> u64 {
    match value {
        Value::Null => 0,
        Value::Array(items) => items
            .iter()
            .map(|item| field(weight, children, item))
            .fold(0, u64::saturating_add),
        value => weight.saturating_add(object(children, value)),
    }
}
