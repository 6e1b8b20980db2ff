use serde_json::json;

use crate::bench::{Bench, refusals};

const PARTNER: &str = "mutation($slug: String!) { createPartner(input: { slug: $slug, name: \"Acme\", contact: \"web@acme.org\" }) { partner { slug } errors { code } } }";
const CLIENT: &str = "mutation($partner: String!, $slug: String!, $rights: [String!]!) {
    createPartnerClient(input: { partner: $partner, slug: $slug, name: \"Web\", rights: $rights }) { client { slug rights } errors { code } } }";
const MINT: &str = "mutation($client: String!, $days: Int!) { mintPartnerToken(input: { client: $client, expiresInDays: $days }) {
    token partnerToken { id } errors { code } } }";

#[tokio::test]
async fn a_partner_gets_tokens_that_end_when_they_should() {
    let bench = Bench::new().await;
    let admin = bench.person("admin@example.org", &["admin"]).await.client;
    assert_eq!(
        refusals(&admin.run_with(PARTNER, json!({ "slug": "Acme!" })).await),
        ["SLUG_INVALID"]
    );
    admin
        .run_with(PARTNER, json!({ "slug": "acme" }))
        .await
        .ok();
    assert_eq!(
        refusals(&admin.run_with(PARTNER, json!({ "slug": "acme" })).await),
        ["SLUG_TAKEN"]
    );
    let client = |partner: &str, slug: &str, rights: &[&str]| {
        admin.run_with(
            CLIENT,
            json!({ "partner": partner, "slug": slug, "rights": rights }),
        )
    };
    assert_eq!(
        refusals(&client("other", "acme-web", &["books:read"]).await),
        ["PARTNER_NOT_FOUND"]
    );
    assert_eq!(
        refusals(&client("acme", "acme-web", &["books"]).await),
        ["RIGHT_INVALID"]
    );
    client("acme", "acme-web", &["books:read", "catalog:browse"])
        .await
        .ok();
    assert_eq!(
        refusals(&client("acme", "acme-web", &["books:read"]).await),
        ["SLUG_TAKEN"]
    );
    let mint =
        |client: &str, days: i32| admin.run_with(MINT, json!({ "client": client, "days": days }));
    assert_eq!(refusals(&mint("nobody", 30).await), ["CLIENT_NOT_FOUND"]);
    assert_eq!(refusals(&mint("acme-web", 0).await), ["EXPIRY_INVALID"]);
    let first = mint("acme-web", 30).await;
    let second = mint("acme-web", 30).await;
    let token = |answer: &coko_core::testkit::Answer| {
        bench
            .guest
            .with_token(answer.ok()["mintPartnerToken"]["token"].as_str().unwrap())
    };
    let (one, two) = (token(&first), token(&second));
    // A partner is nobody's account and has no rights beyond its own.
    assert_eq!(one.run("{ me { id } }").await.ok()["me"], json!(null));
    assert_eq!(
        one.run("{ users { nodes { id } } }").await.codes(),
        ["FORBIDDEN"]
    );
    assert_eq!(
        one.run("{ sessions { nodes { id } } }").await.codes(),
        ["UNAUTHENTICATED"]
    );

    let listed = admin.run("{ partners { nodes { slug contact clients { slug rights tokens { id } } } } partner(slug: \"acme\") { name } }").await;
    let acme = &listed.ok()["partners"]["nodes"][0];
    assert_eq!(
        acme["clients"][0]["rights"],
        json!(["books:read", "catalog:browse"])
    );
    assert_eq!(acme["clients"][0]["tokens"].as_array().unwrap().len(), 2);

    let revoke =
        "mutation($id: ID!) { revokePartnerToken(input: { id: $id }) { id errors { code } } }";
    let id = &first.ok()["mintPartnerToken"]["partnerToken"]["id"];
    admin.run_with(revoke, json!({ "id": id })).await.ok();
    assert_eq!(
        refusals(&admin.run_with(revoke, json!({ "id": id })).await),
        ["TOKEN_NOT_FOUND"]
    );
    assert_eq!(one.run("{ me { id } }").await.codes(), ["UNAUTHENTICATED"]);
    two.run("{ me { id } }").await.ok();

    let disable = "mutation { disablePartnerClient(input: { client: \"acme-web\" }) { client { disabledAt } errors { code } } }";
    admin.run(disable).await.ok();
    assert_eq!(refusals(&admin.run(disable).await), ["CLIENT_NOT_FOUND"]);
    assert_eq!(two.run("{ me { id } }").await.codes(), ["UNAUTHENTICATED"]);
    assert_eq!(refusals(&mint("acme-web", 30).await), ["CLIENT_NOT_FOUND"]);
}
