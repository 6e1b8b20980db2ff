//! Whatever subgraphs answer, the executor answers as the general path does.

use coko_executor::{PlanCancellation, coerce_variables, plan};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use crate::{abstract_types::media, entities::shop, kit::World, reference::Reference};

pub(crate) const SHOP: &[&str] = &[
    "{ products { id name price tags } me { name } }",
    "{ products { name inStock reviews { text author { name } } } me { name } }",
    "{ products { verdict } top { shipping weight } best { id inStock } }",
    "{ products { reviews { product { shipping reviews { id } } } } }",
    "{ top { inStock reviews { product { name inStock } author { id name } } } products { reviews { product { price } } } }",
];
pub(crate) const MEDIA: &[&str] = &[
    "{ all { __typename title ... on Book { pages price related { title ... on Song { cost: price } } } ... on Song { seconds } } }",
    "{ search { kind: __typename ... on Note { text } ... on Media { title } ... on Song { cost: price } } one { id } }",
];

/// One change to an answer: at which of its places, and what to.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    place: usize,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Put(Json),
    Wrap,
    Repeat,
    Remove,
    Reverse,
}

fn change() -> impl Strategy<Value = Change> {
    let values = prop_oneof![
        Just(Json::Null),
        Just(json!("x")),
        Just(json!(7)),
        Just(json!(-3_000_000_000_i64)),
        Just(json!(1.5)),
        Just(json!(true)),
        Just(json!([])),
        Just(json!([null])),
        Just(json!({})),
        Just(json!({"other": 1})),
        Just(json!("Song")),
        Just(json!("Product")),
    ];
    let what = prop_oneof![
        4 => values.prop_map(What::Put),
        1 => Just(What::Wrap),
        1 => Just(What::Repeat),
        2 => Just(What::Remove),
        1 => Just(What::Reverse),
    ];
    (0_usize..60, what).prop_map(|(place, what)| Change { place, what })
}

/// Applies a change at a place, counted depth first; places beyond the last count from the start again.
fn apply(answer: &mut Json, change: &Change) {
    let places = count(answer);
    let mut left = change.place % places;
    visit(answer, &mut left, &change.what);
}

fn count(value: &Json) -> usize {
    1 + match value {
        Json::Array(items) => items.iter().map(count).sum::<usize>(),
        Json::Object(object) => object.values().map(count).sum(),
        _ => 0,
    }
}

/// Whether the place was below; `Remove` asks the parent by answering `None`.
fn visit(value: &mut Json, left: &mut usize, what: &What) -> Option<bool> {
    if *left == 0 {
        match what {
            What::Put(new) => *value = new.clone(),
            What::Wrap => *value = json!([value.take()]),
            What::Repeat => {
                if let Json::Array(items) = value {
                    items.extend(items.first().cloned());
                }
            }
            What::Reverse => {
                if let Json::Object(object) = value {
                    *object = std::mem::take(object)
                        .into_iter()
                        .rev()
                        .collect::<Map<_, _>>();
                }
            }
            What::Remove => return None,
        }
        return Some(true);
    }
    *left -= 1;
    match value {
        Json::Array(items) => {
            for index in 0..items.len() {
                match visit(&mut items[index], left, what) {
                    None => {
                        items.remove(index);
                        return Some(true);
                    }
                    Some(true) => return Some(true),
                    Some(false) => {}
                }
            }
        }
        Json::Object(object) => {
            let keys: Vec<String> = object.keys().cloned().collect();
            for key in keys {
                match visit(&mut object[&key], left, what) {
                    None => {
                        object.remove(&key);
                        return Some(true);
                    }
                    Some(true) => return Some(true),
                    Some(false) => {}
                }
            }
        }
        _ => {}
    }
    Some(false)
}

fn compare(world: &World, query: &str) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let answer = world.run(query).await;
        let normalized = world.normalize(query);
        let plan = plan(&world.supergraph, &normalized, &PlanCancellation::new()).unwrap();
        let variables = coerce_variables(&world.supergraph, &normalized, &Map::new()).unwrap();
        let mut reference = Reference::new(world, &variables);
        let data = reference.run(&plan, &normalized).await;
        prop_assert_eq!(&answer["data"], &data, "{:#}\n{}", answer, plan.pretty());
        prop_assert_eq!(
            answer.get("errors").is_some(),
            reference.faulty,
            "{:#}",
            answer
        );
        Ok(())
    })
}

pub(crate) fn changed(mut world: World, changes: Vec<(usize, Vec<Change>)>) -> World {
    for (subgraph, changes) in changes {
        let name = world.subgraphs[subgraph % world.subgraphs.len()].name;
        world = world.changing(name, move |mut answer| {
            for change in &changes {
                apply(&mut answer["data"], change);
            }
            answer
        });
    }
    world
}

pub(crate) fn changes() -> impl Strategy<Value = Vec<(usize, Vec<Change>)>> {
    prop::collection::vec((0_usize..4, prop::collection::vec(change(), 1..4)), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn objects_and_entities(query in prop::sample::select(SHOP), changes in changes()) {
        compare(&changed(shop(), changes), query)?;
    }

    #[test]
    fn interfaces_and_unions(query in prop::sample::select(MEDIA), changes in changes()) {
        compare(&changed(media(), changes), query)?;
    }

    #[test]
    fn any_bytes_at_all(
        query in prop::sample::select(SHOP),
        subgraph in 0_usize..4,
        cut in 0_usize..400,
        bytes in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        let mut world = shop();
        let name = world.subgraphs[subgraph].name;
        let text = json!({"data": {"products": [{"id": "1", "name": "é\"🦀", "price": 1}], "_entities": [{"inStock": true, "reviews": []}]}}).to_string();
        let mut body = text.into_bytes();
        let position = cut % (body.len() + 1);
        body.splice(position..position, bytes);
        world = world.behaving(name, crate::kit::Behaviour::Says(http::StatusCode::OK, body));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        // Well-formed JSON with the right counts and errors is asserted inside.
        runtime.block_on(world.run(query));
    }
}
