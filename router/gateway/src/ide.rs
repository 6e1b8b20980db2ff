//! The built-in page for writing queries: one file, nothing from elsewhere.

const PAGE: &str = include_str!("ide.html");

/// The page talks to its own origin only and runs its own script only.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
     connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page for the endpoint at `path`.
pub(crate) fn page(path: &str) -> String {
    // JSON in a script element must not end the element.
    let path = serde_json::Value::from(path)
        .to_string()
        .replace('<', "\\u003c");
    PAGE.replace("\"%PATH%\"", &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_small_and_complete_in_itself() {
        assert!(PAGE.len() < 60 * 1024, "{} bytes", PAGE.len());
        for foreign in ["http://", "https://", "//cdn", "@import", "src="] {
            assert!(!PAGE.contains(foreign), "the page contains {foreign}");
        }
        assert!(page("/x</script>").contains(r#""/x\u003c/script>""#));
    }
}
