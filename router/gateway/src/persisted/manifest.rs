//! Manifests of persisted operations: Apollo's, Relay's and plain `{hash: document}`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

const APOLLO: &str = "apollo-persisted-query-manifest";

#[derive(Deserialize)]
struct ApolloManifest {
    version: u32,
    operations: Vec<ApolloOperation>,
}

#[derive(Deserialize)]
struct ApolloOperation {
    id: String,
    body: String,
}

/// Reads a manifest of persisted operations in Apollo's, Relay's or the plain `{hash: document}` format: pairs of
/// an id and its document, by id.
///
/// An id of 64 hexadecimal digits is the SHA-256 of its document, and is checked.
///
/// # Errors
/// Says what is wrong in words for the operator.
pub fn parse(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    let value: Value =
        serde_json::from_slice(bytes).map_err(|error| format!("it is not JSON: {error}"))?;
    let operations = match value.get("format") {
        Some(Value::String(format)) if format == APOLLO => apollo(value)?,
        // A document is never a plain word, so a `format` that is one names a format.
        Some(Value::String(format)) if !format.contains(['{', ' ']) => {
            return Err(format!("its format is {format:?}; expected {APOLLO:?}"));
        }
        _ => plain(value)?,
    };
    for (id, document) in &operations {
        let is_hash = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let digest = hex::encode(Sha256::digest(document.as_bytes()));
        if is_hash && !id.eq_ignore_ascii_case(&digest) {
            return Err(format!("the document under {id} has the SHA-256 {digest}"));
        }
    }
    Ok(operations.into_iter().collect())
}

fn apollo(value: Value) -> Result<BTreeMap<String, String>, String> {
    let manifest: ApolloManifest =
        serde_json::from_value(value).map_err(|error| error.to_string())?;
    if manifest.version != 1 {
        return Err(format!("its version is {}; expected 1", manifest.version));
    }
    let mut operations = BTreeMap::new();
    for ApolloOperation { id, body } in manifest.operations {
        if operations.insert(id.clone(), body).is_some() {
            return Err(format!("the id {id} is there twice"));
        }
    }
    Ok(operations)
}

fn plain(value: Value) -> Result<BTreeMap<String, String>, String> {
    let Value::Object(entries) = value else {
        return Err("it is not an object of documents by id".to_owned());
    };
    entries
        .into_iter()
        .map(|(id, document)| match document {
            Value::String(document) => Ok((id, document)),
            _ => Err(format!("the entry {id} is not a document")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    fn parse(bytes: &[u8]) -> Result<BTreeMap<String, String>, String> {
        super::parse(bytes).map(BTreeMap::from_iter)
    }

    #[test]
    fn three_formats_are_read() {
        let hash = "31dfb1ff4e3ec1ac1fb8ffb1a18ab23ba0e9d0b5c8dcb3aee4a5ae63f9b9c7cd";
        let apollo = br#"{"format":"apollo-persisted-query-manifest","version":1,
            "operations":[{"id":"one","name":"A","type":"query","body":"query A { a }"}]}"#;
        assert_eq!(parse(apollo).unwrap()["one"], "query A { a }");
        assert_eq!(
            parse(br#"{"relay":"query B { b }"}"#).unwrap()["relay"],
            "query B { b }"
        );
        let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(b"{ c }"));
        assert_eq!(
            parse(format!(r#"{{"{digest}":"{{ c }}"}}"#).as_bytes()).unwrap()[&digest],
            "{ c }"
        );
        for (bad, expected) in [
            (format!(r#"{{"{hash}":"{{ c }}"}}"#), "has the SHA-256"),
            ("[]".to_owned(), "not an object"),
            (r#"{"a":1}"#.to_owned(), "the entry a"),
            ("{".to_owned(), "not JSON"),
            (r#"{"format":"other"}"#.to_owned(), "its format is"),
            (
                r#"{"format":"apollo-persisted-query-manifest","version":2,"operations":[]}"#
                    .to_owned(),
                "its version is 2",
            ),
        ] {
            let error = parse(bad.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
