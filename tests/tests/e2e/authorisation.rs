//! The authorisation matrix: every root field of the supergraph, and every field of what several domains contribute to, asked by
//! every kind of caller and compared with a table that was reviewed (`authorisation.txt`). The supergraph says which fields there
//! are, so that a new one without a line fails, whichever domain it is of.

use std::collections::{BTreeMap, BTreeSet};

use coko_core::identity::read_only;
use coko_tests::{Account, Client, Shape, Stack};
use serde_json::{Value, json};

/// What was reviewed.
const TABLE: &str = include_str!("authorisation.txt");

/// The types whose fields are looked at one by one, as several domains contribute to them.
const SHARED: [&str; 2] = ["Book", "User"];

/// Roots that end the session that they are called with: asked by guests alone.
const ENDING: [&str; 2] = ["Mutation.logout", "Mutation.logoutEverywhere"];

const SCHEMA: &str = "{ __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types { kind name fields { name type { ...T } args { name defaultValue type { ...T } } }
        inputFields { name defaultValue type { ...T } } enumValues { name } } } }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }";

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It was answered, or refused for another reason than who asked.
    Answered,
    /// Somebody must sign in.
    Unauthenticated,
    /// Somebody else might.
    Forbidden,
}

/// What a line of the table says.
#[derive(Debug)]
struct Rule {
    person: bool,
    /// One of these rights suffices; none is needed where there are none.
    rights: Vec<String>,
    owner: bool,
}

impl Rule {
    fn parse(text: &str) -> Self {
        let mut words = text.split(' ');
        let class = words.next().unwrap();
        let right = words
            .next()
            .map(|rights| rights.split('|').map(str::to_owned));
        assert!(
            ["public", "owner", "user", "right"].contains(&class),
            "{text}"
        );
        Self {
            person: class == "user",
            rights: right.map(Iterator::collect).unwrap_or_default(),
            owner: class == "owner",
        }
    }

    /// What whoever has `rights` gets.
    fn expected(&self, caller: &Caller) -> Outcome {
        // A partner's program runs what was registered for it; that is its own journey (`partner.rs`).
        if caller.partner {
            return Outcome::Forbidden;
        }
        if self.person && !caller.person {
            return Outcome::Unauthenticated;
        }
        let has = |right: &String| {
            let (resource, _) = right.split_once(':').unwrap();
            caller.rights.contains(right) || caller.rights.contains(&format!("{resource}:*"))
        };
        if self.rights.is_empty() || self.rights.iter().any(has) {
            Outcome::Answered
        } else if caller.person {
            Outcome::Forbidden
        } else {
            Outcome::Unauthenticated
        }
    }
}

/// Somebody who asks.
struct Caller {
    name: &'static str,
    client: Client,
    person: bool,
    partner: bool,
    rights: BTreeSet<String>,
}

fn table() -> BTreeMap<String, Rule> {
    let lines = TABLE.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (field, rule) = line.split_once(' ').unwrap();
            (field.to_owned(), Rule::parse(rule))
        })
        .collect()
}

/// The schema that clients see, by the names of its types.
struct Schema {
    types: BTreeMap<String, Value>,
    roots: Vec<(&'static str, String)>,
}

impl Schema {
    async fn of(client: &Client) -> Self {
        let answer = client.run(SCHEMA).await.unwrap();
        let schema = answer.ok()["__schema"].clone();
        let types = schema["types"].as_array().unwrap().iter();
        let named = types.map(|of| (of["name"].as_str().unwrap().to_owned(), of.clone()));
        let root = |kind: &str| schema[kind]["name"].as_str().map(str::to_owned);
        let roots = [
            ("Query", "queryType"),
            ("Mutation", "mutationType"),
            ("Subscription", "subscriptionType"),
        ];
        Self {
            types: named.collect(),
            roots: roots
                .into_iter()
                .filter_map(|(name, kind)| Some((name, root(kind)?)))
                .collect(),
        }
    }

    fn fields(&self, name: &str) -> &[Value] {
        self.types[name]["fields"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// A call of a field with the least that it takes, which names nothing that exists.
    fn call(&self, field: &Value) -> String {
        let arguments = self.least(&field["args"]);
        let arguments = if arguments.is_empty() {
            String::new()
        } else {
            format!("({})", arguments.join(", "))
        };
        let selection = match kind(&field["type"]) {
            "OBJECT" | "INTERFACE" | "UNION" => " { __typename }",
            _ => "",
        };
        format!("{}{arguments}{selection}", field["name"].as_str().unwrap())
    }

    /// What must be given of these arguments or fields.
    fn least(&self, inputs: &Value) -> Vec<String> {
        let inputs = inputs.as_array().map(Vec::as_slice).unwrap_or_default();
        inputs
            .iter()
            .filter(|input| input["type"]["kind"] == "NON_NULL" && input["defaultValue"].is_null())
            .map(|input| {
                let name = input["name"].as_str().unwrap();
                format!("{name}: {}", self.value(&input["type"]["ofType"]))
            })
            .collect()
    }

    fn value(&self, of: &Value) -> String {
        let name = of["name"].as_str().unwrap_or_default();
        match of["kind"].as_str().unwrap() {
            "NON_NULL" => self.value(&of["ofType"]),
            "LIST" => "[]".to_owned(),
            "ENUM" => {
                let values = &self.types[name]["enumValues"];
                values[0]["name"].as_str().unwrap().to_owned()
            }
            "INPUT_OBJECT" => {
                let fields = self.least(&self.types[name]["inputFields"]);
                format!("{{ {} }}", fields.join(", "))
            }
            _ => match name {
                "Int" => "1",
                "Float" => "0.5",
                "Boolean" => "false",
                "ID" | "UUID" => "\"00000000-0000-0000-0000-000000000000\"",
                "Date" => "\"2026-01-01\"",
                "DateTime" => "\"2026-01-01T00:00:00Z\"",
                "JSON" => "{}",
                _ => "\"x\"",
            }
            .to_owned(),
        }
    }
}

/// The kind of a type behind its lists and exclamation marks.
fn kind(of: &Value) -> &str {
    match of["kind"].as_str().unwrap() {
        "NON_NULL" | "LIST" => kind(&of["ofType"]),
        kind => kind,
    }
}

/// How the call of a document ends for a client.
async fn outcome(client: &Client, document: &str) -> (Outcome, Value) {
    let answer = client.run(document).await.unwrap();
    let code = answer.codes().first().copied().unwrap_or_default();
    assert!(
        !["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"].contains(&code),
        "the call does not fit the schema: {document}\n{:#}",
        answer.body
    );
    let outcome = match code {
        "UNAUTHENTICATED" => Outcome::Unauthenticated,
        "FORBIDDEN" => Outcome::Forbidden,
        _ => Outcome::Answered,
    };
    (outcome, answer.body)
}

/// The rights of roles, as auth has them.
async fn rights(admin: &Client) -> BTreeMap<String, BTreeSet<String>> {
    let answer = admin.run("{ roles { name rights } }").await.unwrap();
    let roles = answer.ok()["roles"].as_array().unwrap().clone();
    let strings = |value: &Value| -> BTreeSet<String> {
        let values = value.as_array().unwrap().iter();
        values
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    };
    roles
        .iter()
        .map(|role| {
            let name = role["name"].as_str().unwrap().to_owned();
            (name, strings(&role["rights"]))
        })
        .collect()
}

/// A partner's program that may read books.
async fn partner(stack: &Stack, admin: &Client) -> Client {
    let made = "mutation {
        createPartner(input: { slug: \"matrix\", name: \"Matrix\", contact: \"it@matrix.example\" }) { errors { code } }
        createPartnerClient(input: { partner: \"matrix\", slug: \"matrix-web\", name: \"Site\", rights: [\"books:read\"] }) { errors { code } }
        mintPartnerToken(input: { client: \"matrix-web\", expiresInDays: 1 }) { token } }";
    let made = admin.run(made).await.unwrap();
    let token = made.ok()["mintPartnerToken"]["token"].as_str().unwrap();
    stack.client().unwrap().with_token(token)
}

/// Everybody who may ask.
async fn callers(stack: &Stack) -> Vec<Caller> {
    let admin = stack.staff("Admin", &["admin"]).await.unwrap();
    let rights = rights(&admin).await;
    let partner = partner(stack, &admin).await;
    let (_, user) = stack.sign_up("User").await.unwrap();
    let mut callers = vec![
        Caller {
            name: "guest",
            client: stack.client().unwrap(),
            person: false,
            partner: false,
            rights: BTreeSet::new(),
        },
        Caller {
            name: "partner",
            client: partner,
            person: false,
            partner: true,
            rights: BTreeSet::from(["books:read".to_owned()]),
        },
    ];
    let mut people = vec![("user", user)];
    for role in ["premium", "author", "publisher", "moderator"] {
        people.push((role, stack.staff(role, &[role]).await.unwrap()));
    }
    // Last, as what operators may do is done.
    people.push(("admin", admin));
    for (name, client) in people {
        let mut of_role = rights["user"].clone();
        of_role.extend(rights.get(name).cloned().unwrap_or_default());
        callers.push(Caller {
            name,
            client,
            person: true,
            partner: false,
            rights: of_role,
        });
    }
    callers
}

/// A token that nobody signed, one whose session has ended, and one that only reads.
async fn odd_tokens(stack: &Stack) -> (Vec<(&'static str, Client)>, Client) {
    let guest = stack.client().unwrap();
    let (account, _) = stack.sign_up("Odd").await.unwrap();
    let token = async |account: &Account| stack.token(account).await.unwrap();
    let mut forged = token(&account).await.into_bytes();
    let middle = forged.len() / 2;
    forged[middle] = if forged[middle] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    let revoked = guest.with_token(&token(&account).await);
    let ended = revoked.run("mutation { logout { errors { code } } }").await;
    ended.unwrap().ok();
    let reading = read_only(&token(&account).await).unwrap();
    let refused = vec![("forged", guest.with_token(&forged)), ("revoked", revoked)];
    (refused, guest.with_token(&reading))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_answers_every_caller_as_reviewed() {
    // More people sign in from here than one address usually may.
    let limits = [
        ("COKO_AUTH_LIMITS__LOGIN__PERMITS", "10000"),
        ("COKO_AUTH_LIMITS__LOGIN__SECONDS", "60"),
    ];
    let stack = Stack::start_with(Shape::OneProcess, &limits).await.unwrap();
    let schema = Schema::of(&stack.client().unwrap()).await;
    let table = table();
    let (refused, reading) = odd_tokens(&stack).await;
    let callers = callers(&stack).await;
    let mut wrong = Vec::new();
    let mut known = BTreeSet::new();
    for (root, name) in &schema.roots {
        for field in schema.fields(name) {
            let place = format!("{root}.{}", field["name"].as_str().unwrap());
            known.insert(place.clone());
            let Some(rule) = table.get(&place) else {
                wrong.push(format!("{place} has no line in the table"));
                continue;
            };
            // A subscription that is permitted has no end; what it takes is tested where it is followed.
            if *root == "Subscription" {
                continue;
            }
            let document = format!("{} {{ {} }}", root.to_lowercase(), schema.call(field));
            for caller in &callers {
                if ENDING.contains(&place.as_str()) && caller.person {
                    continue;
                }
                let (found, body) = outcome(&caller.client, &document).await;
                let expected = rule.expected(caller);
                if found != expected {
                    wrong.push(format!(
                        "{place} as {}: {found:?} instead of {expected:?}: {body}",
                        caller.name
                    ));
                }
            }
            for (name, client) in &refused {
                let (found, body) = outcome(client, &document).await;
                if found != Outcome::Unauthenticated {
                    wrong.push(format!("{place} with a {name} token: {found:?}: {body}"));
                }
            }
            if *root == "Mutation" {
                let (found, body) = outcome(&reading, &document).await;
                if found != Outcome::Forbidden {
                    wrong.push(format!("{place} with a reading token: {found:?}: {body}"));
                }
            }
        }
    }
    for of in SHARED {
        for field in schema.fields(of) {
            known.insert(format!("{of}.{}", field["name"].as_str().unwrap()));
        }
    }
    wrong.extend(of_a_person(&stack, &schema, &table, &callers).await);
    for place in &known {
        if !table.contains_key(place) {
            wrong.push(format!("{place} has no line in the table"));
        }
    }
    for place in table.keys() {
        if !known.contains(place) {
            wrong.push(format!("{place} is in the table and not in the supergraph"));
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The fields of a person, asked by everybody else; what is not as the table says.
async fn of_a_person(
    stack: &Stack,
    schema: &Schema,
    table: &BTreeMap<String, Rule>,
    callers: &[Caller],
) -> Vec<String> {
    let (_, person) = stack.sign_up("Person").await.unwrap();
    let me = person.run("{ me { id } }").await.unwrap();
    let id = me.ok()["me"]["id"].clone();
    let mut wrong = Vec::new();
    for field in schema.fields("User") {
        let name = field["name"].as_str().unwrap();
        let place = format!("User.{name}");
        let Some(rule) = table.get(&place) else {
            continue;
        };
        let document = format!("{{ user(id: {id}) {{ {} }} }}", schema.call(field));
        for caller in callers {
            let (found, body) = outcome(&caller.client, &document).await;
            let expected = rule.expected(caller);
            let hidden = json!([null, []]);
            let shown = &body["data"]["user"][name];
            // Operators look after accounts, so they see more; everybody else sees nothing of what is the owner's.
            let leaks = rule.owner
                && !caller
                    .rights
                    .iter()
                    .any(|right| right.starts_with("users:"))
                && !hidden.as_array().unwrap().contains(shown)
                && shown["__typename"].is_null();
            if (found != expected && !rule.owner) || leaks {
                wrong.push(format!("{place} as {}: {found:?}: {body}", caller.name));
            }
        }
    }
    wrong
}

#[test]
fn the_table_is_well_formed() {
    let table = table();
    assert!(table.len() > 150);
    let lines = TABLE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(lines.count(), table.len(), "a field has two lines");
    for rule in table.values().flat_map(|rule| &rule.rights) {
        assert!(rule.split_once(':').is_some(), "{rule}");
    }
}
