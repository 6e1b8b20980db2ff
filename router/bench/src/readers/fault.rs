//! Whether an answer is what its reader wanted, and the code that says why not.

use serde_json::Value;

/// The connection broke, or there was none.
pub(super) const CONNECTION: &str = "CONNECTION";
/// There was no answer in time.
pub(super) const TIMEOUT: &str = "TIMEOUT";

/// The first code in an answer that says what went wrong: of the router, of a payload's refusals, of a change that was
/// refused, of an attempt to pay that failed. None when nothing did.
pub(super) fn fault(status: u16, body: &[u8]) -> Option<String> {
    const WORDS: [&[u8]; 3] = [b"\"errors\"", b"\"error\"", b"\"failure\""];
    // What browsing shows is large and has no faults to look for.
    let is_suspect = WORDS
        .iter()
        .any(|word| body.windows(word.len()).any(|window| window == *word));
    if status == 200 && !is_suspect {
        return None;
    }
    let by_status = || format!("HTTP_{status}");
    let Ok(answer) = serde_json::from_slice::<Value>(body) else {
        return Some(by_status());
    };
    code(&answer).or_else(|| (status != 200).then(by_status))
}

/// The same of an answer that was parsed.
pub(super) fn code(answer: &Value) -> Option<String> {
    let named = |code: &Value| code.as_str().unwrap_or("UNNAMED").to_owned();
    let errors = answer["errors"]
        .as_array()
        .and_then(|errors| errors.first());
    if let Some(error) = errors {
        return Some(named(&error["extensions"]["code"]));
    }
    let payloads = answer["data"].as_object().into_iter().flatten();
    payloads.map(|(_, payload)| payload).find_map(|payload| {
        let refusal = list(&payload["errors"]).first();
        let change = || {
            let errors = list(&payload["results"]).iter();
            errors
                .map(|result| &result["error"])
                .find(|error| !error.is_null())
        };
        let attempt = || {
            let failures = list(&payload["order"]["attempts"]).iter();
            failures
                .map(|attempt| &attempt["failure"])
                .find(|failure| !failure.is_null())
        };
        let refused = refusal.or_else(change).map(|error| named(&error["code"]));
        refused.or_else(|| attempt().map(named))
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_found_wherever_it_stands() {
        for (status, body, expected) in [
            (200, r#"{"data":{"books":{"nodes":[]}}}"#, None),
            (
                200,
                r#"{"data":{"book":{"description":"\"errors\" and \"error\""}}}"#,
                None,
            ),
            (
                200,
                r#"{"data":{"pushChanges":{"results":[{"error":null}],"errors":[]}}}"#,
                None,
            ),
            (
                200,
                r#"{"data":{"purchaseBook":{"order":{"attempts":[{"failure":null}]},"errors":[]}}}"#,
                None,
            ),
            (
                200,
                r#"{"data":null,"errors":[{"extensions":{"code":"FORBIDDEN"}}]}"#,
                Some("FORBIDDEN"),
            ),
            (
                200,
                r#"{"data":{"purchaseBook":{"order":null,"errors":[{"code":"ALREADY_OWNED"}]}}}"#,
                Some("ALREADY_OWNED"),
            ),
            (
                200,
                r#"{"data":{"pushChanges":{"results":[{"error":null},{"error":{"code":"BOOK_UNKNOWN"}}],"errors":[]}}}"#,
                Some("BOOK_UNKNOWN"),
            ),
            (
                200,
                r#"{"data":{"purchaseBook":{"order":{"attempts":[{"failure":"DECLINED"}]},"errors":[]}}}"#,
                Some("DECLINED"),
            ),
            (
                429,
                r#"{"errors":[{"extensions":{"code":"RATE_LIMITED"}}]}"#,
                Some("RATE_LIMITED"),
            ),
            (502, "<html>", Some("HTTP_502")),
            (404, "{}", Some("HTTP_404")),
            (200, r#"{"errors":[{"message":"?"}]}"#, Some("UNNAMED")),
        ] {
            assert_eq!(
                fault(status, body.as_bytes()).as_deref(),
                expected,
                "{body}"
            );
        }
    }
}
