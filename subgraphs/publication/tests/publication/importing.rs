//! ONIX messages become drafts.

use serde_json::{Value, json};

use crate::support::{AUTHOR, House, RIVAL};

const IMPORT: &str = "mutation($i: ImportOnixInput!) { importOnix(input: $i) { created updated unchanged rejected { line field reason } errors { field code } } }";

fn product(reference: &str, title: &str, isbn: &str) -> String {
    format!(
        "<Product><RecordReference>{reference}</RecordReference><ProductIdentifier><ProductIDType>15</ProductIDType><IDValue>{isbn}</IDValue></ProductIdentifier><DescriptiveDetail><TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>01</TitleElementLevel><TitleText>{title}</TitleText></TitleElement></TitleDetail><Contributor><ContributorRole>A01</ContributorRole><PersonName>Awa Ndiaye</PersonName></Contributor><Language><LanguageRole>01</LanguageRole><LanguageCode>fre</LanguageCode></Language></DescriptiveDetail></Product>\n"
    )
}

async fn import(house: &House, organization: &Value, products: &[String]) -> Value {
    let message = format!(
        "<ONIXMessage release=\"3.0\">\n{}</ONIXMessage>",
        products.concat()
    );
    let input = json!({ "i": { "organizationId": organization, "message": message } });
    let answer = house.author(AUTHOR).run_with(IMPORT, input).await;
    answer.ok()["importOnix"].clone()
}

#[tokio::test]
async fn a_message_is_taken_in_once() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let products = [
        product("p1", "Les Pluies", "9780439023481"),
        product("p2", "Les Vents", "9791090724013"),
        product("p3", "Copie", "9780439023481"),
        product("p4", "Faux", "9780439023482"),
    ];
    let first = import(&house, &baobab, &products).await;
    assert_eq!(first["created"].as_array().unwrap().len(), 2);
    let fields: Vec<&Value> = first["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rejection| &rejection["field"])
        .collect();
    assert_eq!(fields, ["IDValue", "IDValue"]);
    assert_eq!(first["rejected"][0]["line"], 4);
    let again = import(&house, &baobab, &products).await;
    assert_eq!(
        (&again["created"], &again["unchanged"]),
        (&json!([]), &json!(2))
    );
    let changed = [product("p1", "Les Pluies de Ziguinchor", "9780439023481")];
    let third = import(&house, &baobab, &changed).await;
    assert_eq!(third["updated"], json!([first["created"][0]]));

    // What is under way is not changed from outside.
    house
        .execute("UPDATE manuscripts SET status = 'SUBMITTED', submitted_at = now() WHERE onix_reference = 'p1'")
        .await;
    let late = import(&house, &baobab, &[product("p1", "Autre", "9780439023481")]).await;
    assert_eq!(late["rejected"][0]["field"], "NotificationType");
    let titles = "SELECT title AS line FROM manuscripts ORDER BY onix_reference";
    assert_eq!(
        house.lines(titles).await,
        ["Les Pluies de Ziguinchor", "Les Vents"]
    );
}

#[tokio::test]
async fn hostile_messages_are_refused() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let bomb = "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><ONIXMessage><Product><RecordReference>&e;</RecordReference></Product></ONIXMessage>";
    let large = "x".repeat(600 * 1024);
    for (message, code) in [
        (bomb, "MALFORMED"),
        ("{}", "MALFORMED"),
        ("", "MALFORMED"),
        ("<ONIXMessage><Product>", "MALFORMED"),
        (large.as_str(), "TOO_LARGE"),
    ] {
        let input = json!({ "i": { "organizationId": baobab, "message": message } });
        let answer = house.author(AUTHOR).run_with(IMPORT, input).await;
        assert_eq!(answer.ok()["importOnix"]["errors"][0]["code"], code);
    }
    let input = json!({ "i": { "organizationId": baobab, "message": "<ONIXMessage><Product/></ONIXMessage>" } });
    let stranger = house.author(RIVAL).run_with(IMPORT, input).await;
    assert_eq!(
        stranger.ok()["importOnix"]["errors"][0]["code"],
        "NOT_FOUND"
    );
}
