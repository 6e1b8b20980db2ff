//! Who may ask what: every query, mutation and entity field, by every kind of caller.

use coko_core::testkit::{GraphqlClient, TokenFor};

use crate::support::{Desk, OPERATOR, READER};

const OK: &str = "ok";
const WHO: &str = "UNAUTHENTICATED";
const NO: &str = "FORBIDDEN";

/// For guest, user, moderator, operator with another right, operator, partner; what is asked comes without what follows.
const MATRIX: &[(&str, &str, [&str; 6])] = &[
    (
        "metricSeries",
        "query { metricSeries(metric: POSTS, from: \"2027-01-01\", to: \"2027-01-01\") { total } }",
        [WHO, NO, NO, NO, OK, NO],
    ),
    (
        "conversions",
        "query { conversions(from: \"2027-01-01\", to: \"2027-01-01\") { count } }",
        [WHO, NO, NO, NO, OK, NO],
    ),
    (
        "topBooks",
        "query { topBooks(by: SALES, from: \"2027-01-01\", to: \"2027-01-01\") { value } }",
        [WHO, NO, NO, NO, OK, NO],
    ),
    (
        "reportedContents",
        "query { reportedContents { nodes { kind } } }",
        [WHO, NO, OK, NO, OK, NO],
    ),
    (
        "features",
        "query { features { key } }",
        [OK, OK, OK, OK, OK, OK],
    ),
    (
        "platformSettings",
        "query { platformSettings { key } }",
        [WHO, NO, NO, NO, OK, NO],
    ),
    (
        "systemHealth",
        "query { systemHealth { role } }",
        [WHO, NO, NO, OK, OK, NO],
    ),
    (
        "deadLetters",
        "query { deadLetters(role: \"catalog\") { nodes { eventId } } }",
        [WHO, NO, NO, NO, "DOWNSTREAM_UNAVAILABLE", NO],
    ),
    (
        "deadLetter",
        "query { deadLetter(role: \"catalog\", eventId: \"x\") { eventId } }",
        [WHO, NO, NO, NO, "DOWNSTREAM_UNAVAILABLE", NO],
    ),
    (
        "paymentDiscrepancies",
        "query { paymentDiscrepancies { nodes { kind } } }",
        [WHO, NO, NO, NO, OK, NO],
    ),
    (
        "paymentComparisons",
        "query { paymentComparisons(from: \"2027-01-01\", to: \"2027-01-01\") { count } }",
        [WHO, NO, NO, NO, OK, NO],
    ),
    (
        "reconciliationRequests",
        "query { reconciliationRequests { id } }",
        [WHO, NO, NO, NO, OK, NO],
    ),
    (
        "setPlatformSetting",
        "mutation { setPlatformSetting(input: { key: \"!\", description: \"x\", value: 1 }) { errors { code } } }",
        [WHO, NO, NO, NO, OK, WHO],
    ),
    (
        "removePlatformSetting",
        "mutation { removePlatformSetting(input: { key: \"x\" }) { errors { code } } }",
        [WHO, NO, NO, NO, OK, WHO],
    ),
    (
        "replayDeadLetter",
        "mutation { replayDeadLetter(input: { role: \"catalog\", eventId: \"x\" }) { errors { code } } }",
        [WHO, NO, NO, NO, "DOWNSTREAM_UNAVAILABLE", WHO],
    ),
    (
        "discardDeadLetter",
        "mutation { discardDeadLetter(input: { role: \"catalog\", eventId: \"x\" }) { errors { code } } }",
        [WHO, NO, NO, NO, "DOWNSTREAM_UNAVAILABLE", WHO],
    ),
    (
        "requestReconciliation",
        "mutation { requestReconciliation(input: { from: \"2027-01-02T00:00:00Z\", until: \"2027-01-01T00:00:00Z\" }) { errors { code } } }",
        [WHO, NO, NO, NO, OK, WHO],
    ),
    (
        "closePaymentDiscrepancy",
        "mutation { closePaymentDiscrepancy(input: { id: \"x\", note: \"x\" }) { errors { code } } }",
        [WHO, NO, NO, NO, OK, WHO],
    ),
    (
        "addOperatorNote",
        "mutation { addOperatorNote(input: { userId: \"x\", text: \"x\" }) { errors { code } } }",
        [WHO, NO, NO, NO, OK, WHO],
    ),
    (
        "removeOperatorNote",
        "mutation { removeOperatorNote(input: { id: \"x\" }) { errors { code } } }",
        [WHO, NO, NO, NO, OK, WHO],
    ),
    (
        "User.activity",
        "query { _entities(representations: [{ __typename: \"User\", id: \"x\" }]) { ... on User { activity { country } } } }",
        [WHO, NO, NO, NO, OK, NO],
    ),
    (
        "User.operatorNotes",
        "query { _entities(representations: [{ __typename: \"User\", id: \"x\" }]) { ... on User { operatorNotes { id } } } }",
        [WHO, NO, NO, NO, OK, NO],
    ),
];

fn callers(desk: &Desk) -> [GraphqlClient; 6] {
    let partner = desk.platform.token(&TokenFor::Partner {
        partner: "acme",
        client: "acme-web",
        rights: vec!["books:read"],
    });
    [
        desk.guest(),
        desk.client(READER, &["books:read", "profile:read"]),
        desk.client(READER, &["community:moderate"]),
        desk.client(OPERATOR, &["system:health"]),
        desk.operator(),
        desk.guest().with_token(partner),
    ]
}

#[tokio::test]
async fn every_operation_answers_each_caller_as_reviewed() {
    let desk = Desk::new().await;
    let callers = callers(&desk);
    for (name, document, expected) in MATRIX {
        for (caller, (client, expected)) in callers.iter().zip(expected).enumerate() {
            let answer = client.run(document).await;
            let found = answer.codes().first().copied().unwrap_or(OK).to_owned();
            assert_eq!(
                found, *expected,
                "{name} as caller {caller}: {:#}",
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn the_matrix_knows_every_field_that_can_be_asked_for() {
    let desk = Desk::new().await;
    let query = "{ __schema { queryType { fields { name } } mutationType { fields { name } } } __type(name: \"User\") { fields { name } } }";
    let answer = desk.guest().run(query).await;
    let data = answer.ok();
    let names = |fields: &serde_json::Value, prefix: &str| -> Vec<String> {
        let fields = fields["fields"].as_array().unwrap().iter();
        fields
            .map(|field| format!("{prefix}{}", field["name"].as_str().unwrap()))
            .collect()
    };
    let mut all = names(&data["__schema"]["queryType"], "");
    all.extend(names(&data["__schema"]["mutationType"], ""));
    all.extend(names(&data["__type"], "User."));
    for name in all {
        let internal = ["_service", "_entities", "User.id"].contains(&name.as_str());
        assert!(
            internal || MATRIX.iter().any(|(known, ..)| *known == name),
            "{name} has no row"
        );
    }
}
