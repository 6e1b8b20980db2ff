//! The operations that readers run: those of the web application, by the ids that its manifest has.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A document and its name.
#[derive(Debug)]
pub(super) struct Operation {
    /// The name in the document.
    pub(super) name: &'static str,
    text: &'static str,
}

macro_rules! web {
    ($name:literal) => {
        Operation {
            name: $name,
            text: include_str!(concat!(
                "../../../../schema/operations/web/",
                $name,
                ".graphql"
            )),
        }
    };
}

/// The front page.
pub(super) static HOME: Operation = web!("Home");
/// A page of the catalogue.
pub(super) static BOOKS: Operation = web!("Books");
/// The page of a book.
pub(super) static BOOK: Operation = web!("BookBySlug");
/// What readers say of a book.
pub(super) static REVIEWS: Operation = web!("BookReviews");
/// What came out last.
pub(super) static RELEASES: Operation = web!("NewReleases");
/// The reader's own books.
pub(super) static LIBRARY: Operation = web!("Library");
/// Looking for a book.
pub(super) static SEARCH: Operation = web!("Search");
/// A place and a stretch of reading.
pub(super) static PUSH: Operation = web!("PushChanges");
/// An order with its checkout.
pub(super) static PURCHASE: Operation = web!("PurchaseBook");
/// Which providers are offered.
pub(super) static WAYS_TO_PAY: Operation = web!("WaysToPay");
/// A password for tokens.
pub(super) static SIGN_IN: Operation = web!("SignIn");

/// Makes an account.
pub(super) static REGISTER: Operation = Operation {
    name: "Register",
    text: "mutation Register($input: RegisterInput!) { register(input: $input) { errors { field code message } } }",
};
/// Proves its address.
pub(super) static VERIFY: Operation = Operation {
    name: "VerifyEmail",
    text: "mutation VerifyEmail($input: VerifyEmailInput!) { verifyEmail(input: $input) { verified errors { code message } } }",
};

impl Operation {
    /// The body of a request that names the document by its id.
    pub(super) fn by_id(&self, variables: &Value) -> Vec<u8> {
        let body = json!({ "variables": variables, "extensions": self.extensions() });
        body.to_string().into_bytes()
    }

    /// The body of a request with the document and its id, which the router knows from then on.
    pub(super) fn in_full(&self, variables: &Value) -> Vec<u8> {
        let body = json!({
            "query": self.document(), "variables": variables, "extensions": self.extensions(),
        });
        body.to_string().into_bytes()
    }

    /// The document as manifests hold it: without the white space around it.
    fn document(&self) -> &'static str {
        self.text.trim()
    }

    fn extensions(&self) -> Value {
        let id = hex::encode(Sha256::digest(self.document().as_bytes()));
        json!({ "persistedQuery": { "version": 1, "sha256Hash": id } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_manifest() {
        let manifest: Value =
            serde_json::from_str(include_str!("../../../../schema/operations/web.json")).unwrap();
        let listed = manifest["operations"].as_array().unwrap();
        for operation in [
            &HOME,
            &BOOKS,
            &BOOK,
            &REVIEWS,
            &RELEASES,
            &LIBRARY,
            &SEARCH,
            &PUSH,
            &PURCHASE,
            &WAYS_TO_PAY,
            &SIGN_IN,
        ] {
            let entry = listed.iter().find(|entry| entry["name"] == operation.name);
            let id = &operation.extensions()["persistedQuery"]["sha256Hash"];
            assert_eq!(&entry.unwrap()["id"], id, "{}", operation.name);
        }
    }

    #[test]
    fn a_request_by_id_has_no_document() {
        let body: Value = serde_json::from_slice(&HOME.by_id(&json!({}))).unwrap();
        assert_eq!(body.get("query"), None);
        let body: Value = serde_json::from_slice(&HOME.in_full(&json!({}))).unwrap();
        assert!(body["query"].as_str().unwrap().starts_with("query Home"));
    }
}
