//! Temporary.
fn main() {
    std::fs::write("router/docs/configuration.md", coko_gateway::config::config_reference()).unwrap();
    let mut schema = serde_json::to_string_pretty(&coko_gateway::config::config_schema()).unwrap();
    schema.push('\n');
    std::fs::write("router/docs/config.schema.json", schema).unwrap();
}
