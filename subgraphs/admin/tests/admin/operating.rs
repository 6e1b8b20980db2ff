//! Series, settings, dead letters, payments, notes: what operators ask and do, and what the audit log is told of it.

use coko_core::consumer::HandlerError;
use coko_core::events::auth::UserRegistered;
use coko_core::events::payment::{PaymentCompared, PaymentSucceeded};
use coko_core::events::{Event, Payload as _};
use coko_core::settings::Settings;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::support::{Desk, OPERATOR, READER, codes, mutate, person};

const SETTING: &str =
    "setting { key description value share forClients version told updatedBy { id } }";

async fn set(desk: &Desk, value: Value) -> Value {
    let mut input =
        json!({ "key": "search.v2", "description": "La nouvelle recherche", "value": true });
    for (key, value) in value.as_object().unwrap() {
        input[key] = value.clone();
    }
    let field = ("setPlatformSetting", "SetPlatformSettingInput");
    mutate(&desk.operator(), field, SETTING, input).await
}

#[tokio::test]
async fn series_are_ready_to_plot() {
    let desk = Desk::new().await;
    desk.execute(
        "INSERT INTO metrics (metric, day, country, currency, value) VALUES
            ('REVENUE', '2027-01-02', 'SN', 'XOF', 1000), ('REVENUE', '2027-01-02', 'CI', 'XOF', 500),
            ('REVENUE', '2027-01-04', 'SN', 'EUR', 7), ('REGISTRATIONS', '2027-01-02', 'SN', '', 10),
            ('ORDERS_CREATED', '2027-01-02', 'SN', '', 5), ('ACTIVE_USERS', '2027-01-02', 'SN', '', 9),
            ('ACTIVE_USERS_WEEK', '2026-12-28', 'SN', '', 11)",
    )
    .await;
    let operator = desk.operator();
    let query = "query($m: PlatformMetric!, $to: Date!, $step: SeriesStep!, $split: SeriesSplit!, $c: String) {
        metricSeries(metric: $m, from: \"2027-01-02\", to: $to, step: $step, split: $split, country: $c) { country currency total unit points { date value } } }";
    let ask = async |variables: Value| {
        let answer = operator.run_with(query, variables).await;
        answer.ok()["metricSeries"].clone()
    };
    let day = |date: &str, value: i64| json!({ "date": date, "value": value });
    let variables = json!({ "m": "REVENUE", "to": "2027-01-04", "step": "DAY", "split": "NONE" });
    assert_eq!(
        ask(variables).await,
        json!([
            { "country": null, "currency": "EUR", "total": 7, "unit": "MONEY",
              "points": [day("2027-01-02", 0), day("2027-01-03", 0), day("2027-01-04", 7)] },
            { "country": null, "currency": "XOF", "total": 1500, "unit": "MONEY",
              "points": [day("2027-01-02", 1500), day("2027-01-03", 0), day("2027-01-04", 0)] },
        ])
    );
    let variables = json!({ "m": "REVENUE", "to": "2027-01-03", "step": "MONTH", "split": "COUNTRY", "c": "SN" });
    assert_eq!(
        ask(variables).await,
        json!([{ "country": "SN", "currency": "XOF", "total": 1000, "unit": "MONEY", "points": [day("2027-01-01", 1000)] }])
    );
    let variables =
        json!({ "m": "ACTIVE_USERS", "to": "2027-01-03", "step": "WEEK", "split": "NONE" });
    assert_eq!(
        ask(variables).await,
        json!([{ "country": null, "currency": null, "total": null, "unit": "PEOPLE", "points": [day("2026-12-28", 11)] }])
    );
    let answer = operator
        .run("{ conversions(from: \"2027-01-01\", to: \"2027-01-31\") { metric count rate } }")
        .await;
    assert_eq!(
        answer.ok()["conversions"].as_array().unwrap()[..3],
        [
            json!({ "metric": "REGISTRATIONS", "count": 10, "rate": null }),
            json!({ "metric": "ORDERS_CREATED", "count": 5, "rate": 0.5 }),
            json!({ "metric": "ORDERS_PAID", "count": 0, "rate": 0.0 }),
        ]
    );
}

#[tokio::test]
async fn questions_without_bounds_are_refused() {
    let desk = Desk::new().await;
    for query in [
        "{ metricSeries(metric: POSTS, from: \"2020-01-01\", to: \"2027-01-01\") { total } }",
        "{ metricSeries(metric: POSTS, from: \"2027-01-02\", to: \"2027-01-01\") { total } }",
        "{ metricSeries(metric: POSTS, from: \"2027-01-01\", to: \"2027-01-01\", country: \"Sénégal\") { total } }",
        "{ conversions(from: \"2020-01-01\", to: \"2027-01-01\") { count } }",
        "{ topBooks(by: SALES, from: \"2027-01-01\", to: \"2027-01-01\", first: 101) { value } }",
        "{ topBooks(by: SALES, from: \"2026-01-01\", to: \"2027-12-01\") { value } }",
        "{ paymentComparisons(from: \"2020-01-01\", to: \"2027-01-01\") { count } }",
        "{ reportedContents(first: 101) { nodes { kind } } }",
        "{ paymentDiscrepancies(after: \"nonsense\") { nodes { kind } } }",
    ] {
        let answer = desk.operator().run(query).await;
        assert_eq!(answer.codes(), ["VALIDATION_FAILED"], "{query}");
    }
    let answer = desk
        .operator()
        .run("{ metricSeries(metric: POSTS, from: \"yesterday\", to: \"2027-01-01\") { total } }")
        .await;
    assert_eq!(answer.codes().len(), 1);
}

#[tokio::test]
async fn a_setting_is_known_at_once_and_audited() {
    let desk = Desk::new().await;
    let settings = desk.platform.platform.settings.clone();
    assert!(!settings.is_on("search.v2", None));
    let payload = set(&desk, json!({ "forClients": true })).await;
    assert_eq!(
        payload["setting"],
        json!({
            "key": "search.v2", "description": "La nouvelle recherche", "value": true, "share": 100, "forClients": true,
            "version": 1, "told": true, "updatedBy": { "id": OPERATOR },
        })
    );
    assert!(settings.is_on("search.v2", None));
    let features = "{ features { key on value } }";
    let answer = desk.guest().run(features).await;
    assert_eq!(
        answer.ok()["features"],
        json!([{ "key": "search.v2", "on": true, "value": true }])
    );
    // Half of everybody, and never of nobody in particular.
    set(&desk, json!({ "share": 50, "forClients": true })).await;
    let answer = desk.guest().run(features).await;
    assert_eq!(
        answer.ok()["features"],
        json!([{ "key": "search.v2", "on": false, "value": null }])
    );
    let listed = desk
        .operator()
        .run("{ platformSettings { key version told } }")
        .await;
    assert_eq!(
        listed.ok()["platformSettings"],
        json!([{ "key": "search.v2", "version": 2, "told": true }])
    );
    let field = ("removePlatformSetting", "RemovePlatformSettingInput");
    let input = json!({ "key": "search.v2" });
    let removed = mutate(&desk.operator(), field, "key", input.clone()).await;
    assert_eq!(removed["key"], "search.v2");
    let again = mutate(&desk.operator(), field, "key", input).await;
    assert_eq!(codes(&again), ["NOT_FOUND"]);
    assert!(settings.all().is_empty());
    // What is set again goes on where it was, so that no copy of an old value wins.
    let back = set(&desk, json!({})).await;
    assert_eq!(back["setting"]["version"], 4);
    assert_eq!(
        desk.deeds().await,
        [
            "setting.changed setting",
            "setting.changed setting",
            "setting.removed setting",
            "setting.changed setting"
        ]
    );
}

#[tokio::test]
async fn settings_are_checked_and_not_written_over() {
    let desk = Desk::new().await;
    let refused = set(
        &desk,
        json!({ "key": "Search V2", "description": " ", "value": "x".repeat(5000), "share": 101 }),
    )
    .await;
    let mut found = codes(&refused);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "DESCRIPTION_INVALID",
            "KEY_INVALID",
            "SHARE_INVALID",
            "VALUE_INVALID"
        ]
    );
    assert_eq!(
        codes(&set(&desk, json!({ "expectedVersion": 1 })).await),
        ["CHANGED"]
    );
    let first = set(&desk, json!({ "expectedVersion": 0 })).await;
    assert_eq!(first["setting"]["version"], 1);
    assert_eq!(
        codes(&set(&desk, json!({ "expectedVersion": 0 })).await),
        ["CHANGED"]
    );
    assert_eq!(desk.deeds().await.len(), 1);
}

#[tokio::test]
async fn two_operators_at_once_make_two_versions() {
    let desk = Desk::new().await;
    let blind = async |value: i64| set(&desk, json!({ "value": value })).await;
    let (one, other, third) = tokio::join!(blind(1), blind(2), blind(3));
    let done = [one, other, third];
    let made = done.iter().filter(|payload| codes(payload).is_empty());
    let version = desk.number("SELECT version AS number FROM settings").await;
    assert_eq!(i64::try_from(made.count()).unwrap(), version);
    let settings: &Settings = &desk.platform.platform.settings;
    assert_eq!(settings.all()[0].1.version, version);
}

#[tokio::test]
async fn without_a_broker_other_roles_cannot_be_asked_and_nothing_is_made_up() {
    let desk = Desk::new().await;
    let operator = desk.operator();
    let answer = operator.run("{ systemHealth { role } }").await;
    assert_eq!(answer.ok()["systemHealth"], json!([]));
    let answer = operator
        .run("{ deadLetters(role: \"catalog\") { nodes { eventId } } }")
        .await;
    assert_eq!(answer.codes(), ["DOWNSTREAM_UNAVAILABLE"]);
    for role in ["", "*", "a.b", ">"] {
        let query = format!("{{ deadLetters(role: \"{role}\") {{ nodes {{ eventId }} }} }}");
        assert_eq!(operator.run(&query).await.codes(), ["NOT_FOUND"], "{role}");
    }
    let query = format!(
        "mutation {{ discardDeadLetter(input: {{ role: \"catalog\", eventId: \"{READER}\" }}) {{ eventId }} }}"
    );
    assert_eq!(
        operator.run(&query).await.codes(),
        ["DOWNSTREAM_UNAVAILABLE"]
    );
    assert!(desk.deeds().await.is_empty(), "nothing was done");
}

fn compared(desk: &Desk, outcome: &str) -> PaymentCompared {
    PaymentCompared {
        outcome: outcome.to_owned(),
        compared_at: desk.now(),
        ..PaymentCompared::sample()
    }
}

#[tokio::test]
async fn discrepancies_are_found_closed_and_found_again() {
    let desk = Desk::new().await;
    let operator = desk.operator();
    desk.tell(&compared(&desk, "AGREES")).await;
    desk.tell(&compared(&desk, "MISSING_THERE")).await;
    let unknown = Event::new(&desk.platform.context(), &compared(&desk, "ODD")).unwrap();
    let refused = desk.consumers().handle(&unknown).await;
    assert!(
        matches!(refused, Err(HandlerError::Poison(_))),
        "{refused:?}"
    );
    let list = "query($open: Boolean!) { paymentDiscrepancies(open: $open) { nodes { id kind charged { amount currency } closedBy { id } note } } }";
    let ask = async |open: bool| {
        let answer = operator.run_with(list, json!({ "open": open })).await;
        answer.ok()["paymentDiscrepancies"]["nodes"].clone()
    };
    let attempt = PaymentCompared::sample().attempt_id;
    let found = json!([{
        "id": attempt, "kind": "MISSING_THERE", "charged": { "amount": 2500, "currency": "XOF" }, "closedBy": null, "note": null,
    }]);
    assert_eq!(ask(true).await, found);
    let field = ("closePaymentDiscrepancy", "ClosePaymentDiscrepancyInput");
    let close = async |note: &str| {
        let input = json!({ "id": attempt, "note": note });
        mutate(&operator, field, "discrepancy { closedBy { id } }", input).await
    };
    assert_eq!(codes(&close(" ").await), ["NOTE_INVALID"]);
    let closed = close("Remboursé à la main").await;
    assert_eq!(closed["discrepancy"]["closedBy"]["id"], json!(OPERATOR));
    assert_eq!(codes(&close("Encore").await), ["CLOSED"]);
    assert_eq!(ask(true).await, json!([]));
    assert_eq!(ask(false).await[0]["note"], "Remboursé à la main");
    desk.tell(&compared(&desk, "MISSING_THERE")).await;
    assert_eq!(ask(true).await[0]["id"], json!(attempt));
    let answer = operator
        .run("{ paymentComparisons(from: \"2027-01-01\", to: \"2027-01-31\") { provider outcome count } }")
        .await;
    assert_eq!(
        answer.ok()["paymentComparisons"],
        json!([
            { "provider": "WAVE", "outcome": "AGREES", "count": 1 },
            { "provider": "WAVE", "outcome": "MISSING_THERE", "count": 2 },
        ])
    );
    assert_eq!(desk.deeds().await, ["discrepancy.closed payment-attempt"]);
}

#[tokio::test]
async fn a_reconciliation_is_asked_for_by_an_event() {
    let desk = Desk::new().await;
    let operator = desk.operator();
    let field = ("requestReconciliation", "RequestReconciliationInput");
    let ask = async |from: &str, until: &str| {
        let input = json!({ "provider": "WAVE", "from": from, "until": until });
        mutate(&operator, field, "request { id provider }", input).await
    };
    for (from, until) in [
        ("2027-01-01T00:00:00Z", "2027-01-14T00:00:00Z"),
        ("2027-01-14T00:00:00Z", "2027-01-14T00:00:00Z"),
        ("2027-01-15T00:00:00Z", "2027-02-01T00:00:00Z"),
    ] {
        assert_eq!(codes(&ask(from, until).await), ["SPAN_INVALID"], "{from}");
    }
    let asked = ask("2027-01-08T12:00:00Z", "2027-01-15T12:00:00Z").await;
    assert_eq!(asked["request"]["provider"], "WAVE");
    let told = desk
        .lines("SELECT event->'data'->>'request_id' AS line FROM outbox WHERE event->>'type' = 'reconciliation.requested'")
        .await;
    assert_eq!(json!(told), json!([asked["request"]["id"]]));
    let listed = operator
        .run("{ reconciliationRequests { id requestedBy { id } } }")
        .await;
    assert_eq!(
        listed.ok()["reconciliationRequests"][0]["requestedBy"]["id"],
        json!(OPERATOR)
    );
    assert_eq!(desk.deeds().await.len(), 1);
}

#[tokio::test]
async fn notes_are_for_operators_and_about_people_who_are_there() {
    let desk = Desk::new().await;
    let operator = desk.operator();
    let field = ("addOperatorNote", "AddOperatorNoteInput");
    let add = async |text: &str| {
        let input = json!({ "userId": READER, "text": text });
        let fields = "user { operatorNotes { id text operator { id } } }";
        mutate(&operator, field, fields, input).await
    };
    assert_eq!(codes(&add("Bonjour").await), ["NOT_FOUND"]);
    let known = UserRegistered {
        user_id: READER,
        registered_at: desk.now(),
        ..UserRegistered::sample()
    };
    desk.tell(&known).await;
    assert_eq!(codes(&add("  ").await), ["TEXT_INVALID"]);
    assert_eq!(codes(&add(&"x".repeat(2001)).await), ["TEXT_INVALID"]);
    add("La première").await;
    desk.platform.platform.clock.advance(Duration::SECOND);
    let added = add("La seconde").await;
    let notes = &added["user"]["operatorNotes"];
    assert_eq!(notes[0]["text"], "La seconde");
    assert_eq!(notes[1]["operator"]["id"], json!(OPERATOR));
    let field = ("removeOperatorNote", "RemoveOperatorNoteInput");
    let input = json!({ "id": notes[0]["id"] });
    let fields = "user { operatorNotes { text } }";
    let removed = mutate(&operator, field, fields, input.clone()).await;
    assert_eq!(
        removed["user"]["operatorNotes"],
        json!([{ "text": "La première" }])
    );
    let again = mutate(&operator, field, fields, input).await;
    assert_eq!(codes(&again), ["NOT_FOUND"]);
    assert_eq!(
        desk.deeds().await,
        ["note.added user", "note.added user", "note.removed user"]
    );
}

#[tokio::test]
async fn messages_are_in_both_languages() {
    let translations = coko_admin::translations().unwrap();
    let keys = |source: &str| -> Vec<String> {
        source
            .lines()
            .filter_map(|line| line.split_once(" = "))
            .map(|(key, _)| key.to_owned())
            .collect()
    };
    let french = keys(include_str!("../../locales/fr.ftl"));
    assert_eq!(french, keys(include_str!("../../locales/en.ftl")));
    let used = include_str!("../../src/error.rs");
    for key in used.split('"').filter(|text| text.starts_with("admin-")) {
        assert!(
            translations.has(&coko_core::locale::Locale::FR, key),
            "{key}"
        );
    }
}

#[tokio::test]
async fn a_person_is_nobody_before_anything_is_known() {
    let desk = Desk::new().await;
    let seen = person(
        &desk.operator(),
        Uuid::nil(),
        "activity { country } operatorNotes { id }",
    )
    .await;
    assert_eq!(seen, json!({ "activity": null, "operatorNotes": [] }));
    // What a provider says twice is money twice, for one order.
    let paid = PaymentSucceeded {
        user_id: READER,
        paid_at: desk.now(),
        ..PaymentSucceeded::sample()
    };
    desk.tell(&paid).await;
    desk.tell(&paid).await;
    assert_eq!(desk.sums("REVENUE").await, ["2027-01-15 ZZ XOF 5000"]);
    assert_eq!(desk.sums("ORDERS_PAID").await, ["2027-01-15 ZZ 1"]);
}
