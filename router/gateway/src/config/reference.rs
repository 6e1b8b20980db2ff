//! The reference of all options, made from their types: a JSON Schema for editors and a page for people.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::Config;

const HEAD: &str = "\
# The router's options

Generated from the configuration's types by `make schema`; do not edit. [`config.schema.json`](config.schema.json) says the same
to editors and is what `coko config schema` prints.

An option is set in `coko.toml` (`router.limits.depth` is `depth` in the table `[router.limits]`) or by a variable, which wins.
Everything is parsed and checked before a port is bound; an option that does not exist is an error. Lists and tables in a variable
are written as in TOML: `COKO_ROUTER_CORS__ORIGINS='[\"https://app.example\"]'`.
";

/// The JSON Schema (2020-12) of [`Config`], which is the section `router` of `coko.toml`.
pub fn config_schema() -> Value {
    let mut schema = schemars::schema_for!(Config).to_value();
    schema["title"] = "The section `router` of coko.toml".into();
    schema
}

/// The options of [`Config`] as Markdown: one table for each group, with names, types, defaults and meanings.
pub fn config_reference() -> String {
    let schema = config_schema();
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    let mut page = Page {
        definitions: schema["$defs"].as_object().cloned().unwrap_or_default(),
        text: HEAD.to_owned(),
    };
    page.group("router", &schema, Some(&defaults));
    page.text
}

struct Page {
    definitions: Map<String, Value>,
    text: String,
}

/// A group below another, written after it.
struct Group {
    path: String,
    schema: Value,
    defaults: Option<Value>,
    about: String,
}

impl Page {
    /// Writes a table of the options of one type, then those of the types within.
    fn group(&mut self, path: &str, schema: &Value, defaults: Option<&Value>) {
        let _ = write!(
            self.text,
            "\n## `{path}`\n\n| option | variable | type | default | meaning |\n|---|---|---|---|---|\n"
        );
        let mut within = Vec::new();
        for (name, option) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            let resolved = self.resolve(option);
            let default = defaults.and_then(|defaults| defaults.get(name));
            let about = text_of(option).or_else(|| text_of(&resolved));
            let item = self.item(&resolved);
            if resolved.get("properties").is_some() {
                within.push(Group {
                    path,
                    schema: resolved,
                    defaults: default.filter(|default| default.is_object()).cloned(),
                    about: about.unwrap_or_default(),
                });
                continue;
            }
            let _ = writeln!(
                self.text,
                "| `{name}` | `{}` | {} | {} | {} |",
                variable(&path),
                cell(&self.type_of(&resolved)),
                default.map_or_else(String::new, |default| format!("`{default}`")),
                cell(&about.clone().unwrap_or_default()),
            );
            if let Some((suffix, schema)) = item {
                within.push(Group {
                    path: format!("{path}{suffix}"),
                    schema,
                    defaults: None,
                    about: about.unwrap_or_default(),
                });
            }
        }
        for group in within {
            self.group(&group.path, &group.schema, group.defaults.as_ref());
            // The meaning of a whole group stands above its table.
            let title = format!("## `{}`\n", group.path);
            let about = format!("{title}\n{}\n", group.about);
            self.text = self.text.replacen(&title, &about, 1);
        }
    }

    /// The schema that a reference means; of an optional value, the one that is not null.
    fn resolve(&self, schema: &Value) -> Value {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap_or_default();
            return self.definitions.get(name).cloned().unwrap_or_default();
        }
        let alternatives = schema["anyOf"].as_array().map(Vec::as_slice);
        match alternatives.unwrap_or_default() {
            [one, null] | [null, one] if null["type"] == "null" => self.resolve(one),
            _ => schema.clone(),
        }
    }

    /// The options of each entry, for a table of tables or a list of them.
    fn item(&self, schema: &Value) -> Option<(&'static str, Value)> {
        [("additionalProperties", ".<name>"), ("items", "[]")]
            .into_iter()
            .map(|(key, suffix)| (suffix, self.resolve(&schema[key])))
            .find(|(_, item)| item.get("properties").is_some())
    }

    fn type_of(&self, schema: &Value) -> String {
        let schema = self.resolve(schema);
        if let Some(alternatives) = schema["oneOf"].as_array() {
            let named = alternatives.iter().map(|one| self.alternative(one));
            return named.collect::<Vec<_>>().join("; ");
        }
        if let Some(words) = schema["enum"].as_array() {
            let words = words.iter().map(|word| format!("`{word}`"));
            return words.collect::<Vec<_>>().join(", ");
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let named = types.into_iter().filter(|one| *one != "null");
        let named = named.map(|one| match one {
            "array" => format!("list of {}", self.type_of(&schema["items"])),
            "object" if schema["additionalProperties"].is_object() => {
                format!("table of {}", self.type_of(&schema["additionalProperties"]))
            }
            "object" => "table".to_owned(),
            "string" => schema["format"].as_str().unwrap_or("string").to_owned(),
            other => other.to_owned(),
        });
        named.collect::<Vec<_>>().join(" or ")
    }

    /// One of several forms of a value.
    fn alternative(&self, schema: &Value) -> String {
        let about = text_of(schema).map_or(String::new(), |about| format!(": {about}"));
        if !schema["const"].is_null() {
            return format!("`{}`{about}", schema["const"]);
        }
        if schema["enum"].is_array() {
            return format!("{}{about}", self.type_of(schema));
        }
        let Some((name, value)) = schema["properties"]
            .as_object()
            .and_then(|all| all.iter().next())
        else {
            return self.type_of(schema);
        };
        format!("`{{ {name} = … }}` ({}){about}", self.type_of(value))
    }
}

fn text_of(schema: &Value) -> Option<String> {
    schema["description"].as_str().map(str::to_owned)
}

/// A text in a cell of a table, without the links that are for readers of the code.
fn cell(text: &str) -> String {
    text.replace("[`", "`")
        .replace("`]", "`")
        .replace('|', "\\|")
        .replace("\n\n", "<br>")
        .replace('\n', " ")
}

/// The variable that sets an option; none for what has a name of its own choosing.
fn variable(path: &str) -> String {
    let (section, rest) = path.split_once('.').unwrap_or((path, ""));
    format!("COKO_{section}_{}", rest.replace('.', "__")).to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every option of `schema`, by its path.
    fn options(page: &Page, path: &str, schema: &Value, found: &mut Vec<(String, bool)>) {
        for (name, option) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            let resolved = page.resolve(option);
            let about = text_of(option).or_else(|| text_of(&resolved));
            if resolved.get("properties").is_some() {
                options(page, &path, &resolved, found);
            }
            found.push((path, about.is_some_and(|about| about.len() > 5)));
        }
    }

    #[test]
    fn every_option_is_there_and_has_a_meaning() {
        let schema = config_schema();
        let page = Page {
            definitions: schema["$defs"].as_object().cloned().unwrap(),
            text: String::new(),
        };
        let mut found = Vec::new();
        options(&page, "router", &schema, &mut found);
        let text = config_reference();
        assert!(found.len() > 60, "{}", found.len());
        for (path, has_meaning) in found {
            assert!(has_meaning, "{path} has no doc comment");
            let name = path.rsplit('.').next().unwrap();
            assert!(
                text.contains(&format!("`{name}`")) || text.contains(&format!("## `{path}`")),
                "{path}"
            );
        }
        for line in [
            "## `router.limits`\n\nWhat one request may ask for.\n",
            "| `depth` | `COKO_ROUTER_LIMITS__DEPTH` | integer | `20` |",
            "| `path` | `COKO_ROUTER_PATH` | string | `\"/graphql\"` |",
            "## `router.subgraphs.<name>`\n",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
        // Each line of a table has as many cells as its head.
        for line in text.lines().filter(|line| line.starts_with('|')) {
            assert_eq!(line.replace("\\|", "").matches('|').count(), 6, "{line}");
        }
    }
}
