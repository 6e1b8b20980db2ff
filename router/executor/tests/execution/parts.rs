//! The parts of an answer make up the whole, wherever an operation is divided.

use graphql_tools::{
    parser::{Pos, parse_query},
    static_graphql::query::{
        Definition, Directive, InlineFragment, OperationDefinition, Selection, SelectionSet,
    },
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::{
    abstract_types::media,
    entities::shop,
    kit::{World, summary},
    properties::{Change, MEDIA, SHOP, changed, changes},
};

/// The entries of a payload.
pub(crate) fn entries(payload: &Json) -> impl Iterator<Item = &Json> {
    payload["incremental"].as_array().into_iter().flatten()
}

/// The answer that a client has after the last payload; entries whose data is null leave what is there.
pub(crate) fn together(payloads: &[(Json, usize)]) -> Json {
    let (initial, following) = payloads.split_first().unwrap();
    let mut data = initial.0["data"].clone();
    let mut errors: Vec<Json> = Vec::new();
    let mut list =
        |part: &Json| errors.extend(part["errors"].as_array().into_iter().flatten().cloned());
    list(&initial.0);
    for (payload, _) in following {
        list(payload);
        for entry in entries(payload) {
            list(entry);
            let path = entry["path"].as_array().unwrap();
            let place = path.iter().fold(&mut data, |place, step| match step {
                Json::String(key) => &mut place[key],
                Json::Number(index) => {
                    &mut place[usize::try_from(index.as_u64().unwrap()).unwrap()]
                }
                other => panic!("{other} is no step"),
            });
            assert!(place.is_object(), "{path:?} is {place}");
            if !entry["data"].is_null() {
                merge(place, &entry["data"]);
            }
        }
    }
    // What several parts show is said of each.
    errors.sort_by_key(ToString::to_string);
    errors.dedup();
    if errors.is_empty() {
        json!({ "data": data })
    } else {
        json!({ "data": data, "errors": errors })
    }
}

fn merge(place: &mut Json, part: &Json) {
    match (place, part) {
        (Json::Object(place), Json::Object(part)) => {
            for (key, value) in part {
                match place.get_mut(key) {
                    Some(existing) => merge(existing, value),
                    None => drop(place.insert(key.clone(), value.clone())),
                }
            }
        }
        (Json::Array(place), Json::Array(part)) if place.len() == part.len() => {
            for (place, part) in place.iter_mut().zip(part) {
                merge(place, part);
            }
        }
        (place, part) => *place = part.clone(),
    }
}

/// Whether `whole` is `parts` with some of it null: a null that left its fragment in the one stayed inside in the other.
fn is_within(whole: &Json, parts: &Json) -> bool {
    match (whole, parts) {
        (Json::Null, _) => true,
        (Json::Object(whole), Json::Object(parts)) => parts
            .iter()
            .all(|(key, part)| whole.get(key).is_some_and(|whole| is_within(whole, part))),
        (Json::Array(whole), Json::Array(parts)) => {
            whole.len() == parts.len()
                && whole
                    .iter()
                    .zip(parts)
                    .all(|(whole, part)| is_within(whole, part))
        }
        (whole, parts) => whole == parts,
    }
}

/// The payloads, after checking that they make up the whole answer with all of its errors.
pub(crate) async fn check(world: &World, query: &str, variables: Json) -> Vec<(Json, usize)> {
    let (payloads, whole) = check_data(world, query, variables).await;
    if !payloads.is_empty() && !has_lost(&payloads) {
        let expected = distinct(&whole);
        assert_eq!(
            distinct(&together(&payloads)),
            expected,
            "{query}\n{payloads:#?}\n{whole:#}"
        );
    }
    payloads
}

/// Each error once.
fn distinct(answer: &Json) -> Vec<String> {
    let mut errors = summary(answer);
    errors.dedup();
    errors
}

/// Whether a null left its fragment in the whole answer.
fn has_lost(payloads: &[(Json, usize)]) -> bool {
    let mut entries = payloads.iter().flat_map(|(payload, _)| entries(payload));
    entries.any(|entry| entry["data"].is_null())
}

/// The payloads and the whole answer, whose data they make up.
pub(crate) async fn check_data(
    world: &World,
    query: &str,
    variables: Json,
) -> (Vec<(Json, usize)>, Json) {
    // The planner makes not always the same plan, and subgraphs that do not answer as they should answer it differently.
    let (plan, variables) = world.prepare(query, &variables);
    let whole = world.execute(&plan, &variables).await.body;
    let whole: Json = serde_json::from_slice(&whole).unwrap();
    let payloads = world.execute_in_parts(&plan, &variables).await;
    if payloads.is_empty() {
        return (payloads, whole);
    }
    let plan = plan.pretty();
    let last = payloads.len() - 1;
    for (position, (payload, _)) in payloads.iter().enumerate() {
        assert_eq!(payload["hasNext"], position < last, "{payloads:#?}");
    }
    let parts = together(&payloads);
    // An object without a type cannot be shown where its fields depend on it, and can be in a part where they do not.
    let untyped = whole
        .to_string()
        .contains("The type of this object is not known.");
    if has_lost(&payloads) || untyped {
        assert!(
            is_within(&whole["data"], &parts["data"]),
            "{query}\n{payloads:#?}\n{whole:#}\n{plan}"
        );
    } else {
        assert_eq!(
            parts["data"], whole["data"],
            "{query}\n{payloads:#?}\n{plan}"
        );
    }
    let is_faulty = |answer: &Json| answer.get("errors").is_some();
    assert!(
        untyped || is_faulty(&parts) == is_faulty(&whole),
        "{query}\n{payloads:#?}\n{whole:#}\n{plan}"
    );
    (payloads, whole)
}

/// Compares the parts with the whole where a query is divided in one of a few ways.
pub(crate) async fn check_divided(world: &World, query: &str, variables: &Json) {
    for choices in [&[1][..], &[2], &[3], &[0, 1], &[2, 0, 1]] {
        // The planner makes no plan where all of a fragment is skipped.
        if let Some(divided) = deferring(query, choices)
            && world.can_plan(&divided)
        {
            check(world, &divided, variables.clone()).await;
        }
    }
}

/// Defers parts of a query, as `choices` have it for one selection set after the other; `None` for other operations.
fn deferring(query: &str, choices: &[u8]) -> Option<String> {
    let mut document = parse_query::<String>(query).unwrap().into_static();
    let mut choices = choices.iter().copied().cycle();
    for definition in &mut document.definitions {
        let set = match definition {
            Definition::Operation(OperationDefinition::SelectionSet(set)) => set,
            Definition::Operation(OperationDefinition::Query(query)) => &mut query.selection_set,
            Definition::Operation(_) => return None,
            Definition::Fragment(fragment) => &mut fragment.selection_set,
        };
        defer(set, &mut choices);
    }
    Some(document.to_string())
}

fn defer(set: &mut SelectionSet, choices: &mut impl Iterator<Item = u8>) {
    for item in &mut set.items {
        match item {
            Selection::Field(field) if field.selection_set.items.is_empty() => {}
            Selection::Field(field) => defer(&mut field.selection_set, choices),
            Selection::InlineFragment(fragment) => defer(&mut fragment.selection_set, choices),
            Selection::FragmentSpread(_) => {}
        }
    }
    let deferred = match choices.next() {
        Some(1) => set.items.split_off(0),
        Some(2) => set.items.split_off(set.items.len() / 2),
        Some(3) => {
            let kept = set.items.split_off(set.items.len() / 2);
            std::mem::replace(&mut set.items, kept)
        }
        _ => return,
    };
    if deferred.is_empty() {
        return;
    }
    let mut inside = set.clone();
    inside.items = deferred;
    set.items.push(Selection::InlineFragment(InlineFragment {
        position: Pos::default(),
        type_condition: None,
        directives: vec![Directive {
            position: Pos::default(),
            name: "defer".to_owned(),
            arguments: Vec::new(),
        }],
        selection_set: inside,
    }));
}

/// Which errors there are besides depends on what was asked for, where answers make no sense.
fn compare(world: &World, query: &str, choices: &[u8], is_broken: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let query = deferring(query, choices).unwrap();
    runtime.block_on(async {
        if is_broken {
            check_data(world, &query, json!({})).await;
        } else {
            check(world, &query, json!({})).await;
        }
    });
}

fn choices() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0_u8..4, 1..8)
}

fn broken() -> impl Strategy<Value = Vec<(usize, Vec<Change>)>> {
    prop_oneof![1 => Just(Vec::new()), 3 => changes()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_of_objects_make_up_the_whole(query in prop::sample::select(SHOP), choices in choices(), changes in broken()) {
        let is_broken = !changes.is_empty();
        compare(&changed(shop(), changes), query, &choices, is_broken);
    }

    #[test]
    fn parts_of_interfaces_make_up_the_whole(query in prop::sample::select(MEDIA), choices in choices(), changes in broken()) {
        let is_broken = !changes.is_empty();
        compare(&changed(media(), changes), query, &choices, is_broken);
    }
}
