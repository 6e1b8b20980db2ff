//! Resolving a query over the static data: arguments, aliases, fragments, `_entities`. Queries are those of planners, which
//! name no key twice in an object and leave conditions out.

use std::fmt::Write as _;

use graphql_tools::parser::parse_query;
use graphql_tools::static_graphql::query::{
    Definition, Document, Field, Selection, SelectionSet, TypeCondition, Value,
};
use serde_json::Value as Json;

use super::Subgraph;
use super::goods::{PRODUCTS, Product, REVIEWS, Review, USERS, User, reviews_of_user};

/// An object that fields are selected of.
#[derive(Clone, Copy)]
enum Object {
    Query,
    User(&'static User),
    Review(&'static Review),
    /// With the price and weight that a representation brought.
    Product(&'static Product, Required),
}

#[derive(Clone, Copy, Default)]
struct Required {
    price: Option<i64>,
    weight: Option<i64>,
}

/// What a field resolves to.
enum Resolved {
    Text(&'static str),
    Number(Option<i64>),
    Boolean(bool),
    Object(Option<Object>),
    List(Vec<Option<Object>>),
}

impl Object {
    const fn type_name(self) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::User(_) => "User",
            Self::Review(_) => "Review",
            Self::Product(..) => "Product",
        }
    }
}

/// The answer to a request body.
pub(super) fn answer(subgraph: Subgraph, body: &[u8]) -> String {
    resolve(subgraph, body).unwrap_or_else(|message| {
        serde_json::json!({ "errors": [{ "message": message }] }).to_string()
    })
}

fn resolve(subgraph: Subgraph, body: &[u8]) -> Result<String, String> {
    let request: Json = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let query = request["query"]
        .as_str()
        .ok_or("the request has no query")?;
    let document = parse_query::<String>(query)
        .map_err(|error| error.to_string())?
        .into_static();
    let selection = document
        .definitions
        .iter()
        .find_map(|definition| match definition {
            Definition::Operation(operation) => Some(operation.selection_set()),
            Definition::Fragment(_) => None,
        });
    let selection = selection.ok_or("the document has no operation")?;
    let mut resolution = Resolution {
        subgraph,
        document: &document,
        variables: &request["variables"],
        out: String::from("{\"data\":"),
    };
    resolution.object(Object::Query, selection)?;
    resolution.out.push('}');
    Ok(resolution.out)
}

struct Resolution<'a> {
    subgraph: Subgraph,
    document: &'a Document,
    variables: &'a Json,
    out: String,
}

impl<'a> Resolution<'a> {
    fn object(&mut self, object: Object, selection: &'a SelectionSet) -> Result<(), String> {
        self.out.push('{');
        let start = self.out.len();
        self.fields(object, selection, start)?;
        self.out.push('}');
        Ok(())
    }

    /// Writes the fields of a selection set into the object whose first byte is at `start`.
    fn fields(
        &mut self,
        object: Object,
        selection: &'a SelectionSet,
        start: usize,
    ) -> Result<(), String> {
        for item in &selection.items {
            let (condition, inner) = match item {
                Selection::Field(field) => {
                    if self.out.len() > start {
                        self.out.push(',');
                    }
                    let key = field.alias.as_ref().unwrap_or(&field.name);
                    self.text(key);
                    self.out.push(':');
                    self.field(object, field)?;
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    (fragment.type_condition.as_ref(), &fragment.selection_set)
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name)?,
            };
            if condition.is_none_or(|TypeCondition::On(name)| name == object.type_name()) {
                self.fields(object, inner, start)?;
            }
        }
        Ok(())
    }

    fn fragment(
        &self,
        name: &str,
    ) -> Result<(Option<&'a TypeCondition>, &'a SelectionSet), String> {
        let fragment = self
            .document
            .definitions
            .iter()
            .find_map(|definition| match definition {
                Definition::Fragment(fragment) if fragment.name == name => Some(fragment),
                _ => None,
            });
        let fragment = fragment.ok_or_else(|| format!("the fragment {name} is not defined"))?;
        Ok((Some(&fragment.type_condition), &fragment.selection_set))
    }

    fn field(&mut self, object: Object, field: &'a Field) -> Result<(), String> {
        let resolved = self.value_of(object, field)?;
        match resolved {
            Resolved::Text(text) => self.text(text),
            Resolved::Boolean(value) => self.out.push_str(if value { "true" } else { "false" }),
            Resolved::Number(Some(number)) => {
                // Writing to a string cannot fail.
                let _ = write!(self.out, "{number}");
            }
            Resolved::Number(None) => self.out.push_str("null"),
            Resolved::Object(object) => self.object_or_null(object, &field.selection_set)?,
            Resolved::List(items) => {
                self.out.push('[');
                for (index, item) in items.into_iter().enumerate() {
                    if index > 0 {
                        self.out.push(',');
                    }
                    self.object_or_null(item, &field.selection_set)?;
                }
                self.out.push(']');
            }
        }
        Ok(())
    }

    fn object_or_null(
        &mut self,
        object: Option<Object>,
        selection: &'a SelectionSet,
    ) -> Result<(), String> {
        match object {
            Some(object) => self.object(object, selection),
            None => {
                self.out.push_str("null");
                Ok(())
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push_str(&Json::from(text).to_string());
    }

    /// Each subgraph's fields, as its schema has them.
    fn value_of(&self, object: Object, field: &Field) -> Result<Resolved, String> {
        use Subgraph::{Accounts, Inventory, Products, Reviews};
        let resolved = match (self.subgraph, object, field.name.as_str()) {
            (_, object, "__typename") => Resolved::Text(object.type_name()),
            (_, Object::Query, "_entities") => self.entities(field)?,
            (Accounts, Object::Query, "me") => Resolved::Object(Some(Object::User(&USERS[0]))),
            (Accounts, Object::Query, "user") => {
                let id = self.argument(field, "id");
                Resolved::Object(user(id.as_ref()).map(Object::User))
            }
            (Accounts, Object::Query, "users") => {
                Resolved::List(USERS.iter().map(|user| Some(Object::User(user))).collect())
            }
            (Accounts | Reviews, Object::User(user), "id") => Resolved::Text(user.id),
            (Accounts | Reviews, Object::User(user), "username") => Resolved::Text(user.username),
            (Accounts, Object::User(user), "name") => Resolved::Text(user.name),
            (Accounts, Object::User(user), "birthday") => Resolved::Number(Some(user.birthday)),
            (Products, Object::Query, "topProducts") => {
                let first = self
                    .argument(field, "first")
                    .and_then(|first| first.as_u64());
                let first = usize::try_from(first.unwrap_or(5)).unwrap_or(usize::MAX);
                Resolved::List(PRODUCTS.iter().take(first).map(|p| Some(of(p))).collect())
            }
            (_, Object::Product(product, _), "upc") => Resolved::Text(product.upc),
            (Products, Object::Product(product, _), "name") => Resolved::Text(product.name),
            (Products, Object::Product(product, _), "price") => {
                Resolved::Number(Some(product.price))
            }
            (Products, Object::Product(product, _), "weight") => {
                Resolved::Number(Some(product.weight))
            }
            (Inventory, Object::Product(product, _), "inStock") => {
                Resolved::Boolean(product.in_stock)
            }
            (Inventory, Object::Product(_, required), "shippingEstimate") => {
                Resolved::Number(shipping(required))
            }
            (Reviews, Object::Product(product, _), "reviews") => {
                let about = |review: &&Review| review.product == product.upc;
                list(REVIEWS.iter().filter(about))
            }
            (Reviews, Object::User(_), "reviews") => list(reviews_of_user().iter()),
            (Reviews, Object::Review(review), "id") => Resolved::Text(review.id),
            (Reviews, Object::Review(review), "body") => Resolved::Text(review.body),
            (Reviews, Object::Review(_), "author") => {
                Resolved::Object(Some(Object::User(&USERS[0])))
            }
            (Reviews, Object::Review(review), "product") => Resolved::Object(
                product(Some(&review.product.into()))
                    .map(|product| Object::Product(product, Required::default())),
            ),
            (subgraph, object, name) => {
                return Err(format!(
                    "{} has no field {}.{name}",
                    subgraph.name(),
                    object.type_name()
                ));
            }
        };
        Ok(resolved)
    }

    fn argument(&self, field: &Field, name: &str) -> Option<Json> {
        let (_, value) = field
            .arguments
            .iter()
            .find(|(argument, _)| argument == name)?;
        match value {
            Value::Variable(variable) => self.variables.get(variable).cloned(),
            Value::Int(number) => number.as_i64().map(Json::from),
            Value::String(text) => Some(Json::from(text.as_str())),
            _ => None,
        }
    }

    fn entities(&self, field: &Field) -> Result<Resolved, String> {
        let representations = self.argument(field, "representations");
        let representations = representations
            .as_ref()
            .and_then(Json::as_array)
            .ok_or("_entities needs representations")?;
        Ok(Resolved::List(representations.iter().map(entity).collect()))
    }
}

fn entity(representation: &Json) -> Option<Object> {
    match representation["__typename"].as_str()? {
        "User" => user(representation.get("id")).map(Object::User),
        "Product" => {
            let required = Required {
                price: representation["price"].as_i64(),
                weight: representation["weight"].as_i64(),
            };
            let product = product(representation.get("upc"))?;
            Some(Object::Product(product, required))
        }
        "Review" => {
            let id = representation["id"].as_str()?;
            REVIEWS
                .iter()
                .find(|review| review.id == id)
                .map(Object::Review)
        }
        _ => None,
    }
}

fn user(id: Option<&Json>) -> Option<&'static User> {
    let id = id?.as_str()?;
    USERS.iter().find(|user| user.id == id)
}

fn product(upc: Option<&Json>) -> Option<&'static Product> {
    let upc = upc?.as_str()?;
    PRODUCTS.iter().find(|product| product.upc == upc)
}

fn of(product: &'static Product) -> Object {
    Object::Product(product, Required::default())
}

fn list(reviews: impl Iterator<Item = &'static Review>) -> Resolved {
    Resolved::List(reviews.map(|review| Some(Object::Review(review))).collect())
}

/// Nothing for what is expensive, else half the weight.
fn shipping(required: Required) -> Option<i64> {
    if required.price? > 1000 {
        return Some(0);
    }
    required.weight.map(|weight| weight / 2)
}
