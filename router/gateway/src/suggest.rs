//! "Did you mean …": the names of a type that are nearest to one it does not have.

use graphql_tools::parser::schema::{Definition, TypeDefinition};
use graphql_tools::static_graphql::schema::Document;

/// Names that are suggested at most.
const MOST: usize = 3;

/// Adds suggestions to validation's message about an unknown field; other messages stay as they are.
pub(crate) fn with_suggestion(message: &str, schema: &Document) -> String {
    suggestion(message, schema).map_or_else(
        || message.to_owned(),
        |names| format!("{message} Did you mean {names}?"),
    )
}

fn suggestion(message: &str, schema: &Document) -> Option<String> {
    let rest = message.strip_prefix("Cannot query field \"")?;
    let (field, rest) = rest.split_once("\" on type \"")?;
    let type_name = rest.strip_suffix("\".")?;
    let mut near: Vec<(usize, &str)> = field_names(schema, type_name)
        .into_iter()
        .map(|name| (distance(field, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len().max(field.len()) / 3)
        .collect();
    near.sort_unstable();
    let names: Vec<String> = near
        .into_iter()
        .take(MOST)
        .map(|(_, name)| format!("\"{name}\""))
        .collect();
    (!names.is_empty()).then(|| names.join(" or "))
}

fn field_names<'s>(schema: &'s Document, type_name: &str) -> Vec<&'s str> {
    let fields = schema
        .definitions
        .iter()
        .find_map(|definition| match definition {
            Definition::TypeDefinition(TypeDefinition::Object(object))
                if object.name == type_name =>
            {
                Some(&object.fields)
            }
            Definition::TypeDefinition(TypeDefinition::Interface(interface))
                if interface.name == type_name =>
            {
                Some(&interface.fields)
            }
            _ => None,
        });
    fields
        .into_iter()
        .flatten()
        .map(|field| field.name.as_str())
        .filter(|name| !name.starts_with("__"))
        .collect()
}

/// Insertions, deletions and replacements that turn one name into the other, letters' case aside (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (position, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[position + 1];
            row[position + 1] = replaced.min(diagonal + 1).min(row[position] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested() {
        let schema = "type Query { books: Int book: Int author: Int } ";
        let schema = graphql_tools::parser::parse_schema::<String>(schema)
            .unwrap()
            .into_static();
        let said = |field: &str| {
            with_suggestion(
                &format!("Cannot query field \"{field}\" on type \"Query\"."),
                &schema,
            )
        };
        assert!(
            said("boks").ends_with("Did you mean \"books\" or \"book\"?"),
            "{}",
            said("boks")
        );
        assert!(said("autor").ends_with("Did you mean \"author\"?"));
        assert!(said("zzzzzz").ends_with("\"Query\"."));
        assert_eq!(
            with_suggestion("Something else.", &schema),
            "Something else."
        );
        assert_eq!(
            (
                distance("kitten", "sitting"),
                distance("", "abc"),
                distance("Ab", "aB")
            ),
            (3, 3, 0)
        );
    }
}
