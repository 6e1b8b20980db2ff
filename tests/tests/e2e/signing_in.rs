//! People come, go, forget and are impersonated: sessions as their owners and as thieves see them.

use coko_tests::{Client, Shape, Stack};
use serde_json::{Value, json};

const LOGIN: &str = "mutation($input: LoginInput!) { login(input: $input) {
    tokens { accessToken refreshToken } errors { code } } }";
const REFRESH: &str = "mutation($input: RefreshInput!) { refresh(input: $input) {
    tokens { accessToken refreshToken } errors { code } } }";
const ME: &str = "{ me { id displayName email } }";

async fn refresh(client: &Client, token: &str) -> Value {
    let input = json!({ "input": { "refreshToken": token } });
    client.run_with(REFRESH, input).await.unwrap().ok()["refresh"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_refresh_token_ends_its_whole_family() {
    let stack = Stack::start(Shape::ProcessPerRole).await.unwrap();
    let (account, _) = stack.sign_up("Awa").await.unwrap();
    let client = stack.client().unwrap();
    let input = json!({ "input": { "email": account.email, "password": account.password } });
    let first = client.run_with(LOGIN, input).await.unwrap().ok()["login"]["tokens"].clone();
    let spent = first["refreshToken"].as_str().unwrap();
    let second = refresh(&client, spent).await["tokens"].clone();
    let access = client.with_token(second["accessToken"].as_str().unwrap());
    assert_eq!(
        access.run(ME).await.unwrap().ok()["me"]["email"],
        account.email
    );

    // The thief's turn: the token that was exchanged already.
    let stolen = refresh(&client, spent).await;
    assert_eq!(stolen["errors"][0]["code"], "TOKEN_INVALID");
    // Everything of the family is over: the newest refresh token, and within a second the access token at every role.
    let newest = refresh(&client, second["refreshToken"].as_str().unwrap()).await;
    assert_eq!(newest["errors"][0]["code"], "TOKEN_INVALID");
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(access.run(ME).await.unwrap().codes(), ["UNAUTHENTICATED"]);
    for role in ["auth", "catalog"] {
        let direct = stack
            .subgraph(role)
            .unwrap()
            .with_token(second["accessToken"].as_str().unwrap());
        assert_eq!(
            direct.run("{ __typename }").await.unwrap().codes(),
            ["UNAUTHENTICATED"],
            "{role}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_throttled_and_accounts_are_not_revealed() {
    let stack = Stack::start(Shape::OneProcess).await.unwrap();
    let (account, _) = stack.sign_up("Moussa").await.unwrap();
    let client = stack.client().unwrap();

    // Whether there is an account or not, a reset is answered alike; only the letter tells its owner.
    let reset = "mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { accepted errors { code } } }";
    let known = client
        .run_with(reset, json!({ "input": { "email": account.email } }))
        .await
        .unwrap();
    let unknown = client
        .run_with(
            reset,
            json!({ "input": { "email": "nobody@coko.example" } }),
        )
        .await
        .unwrap();
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    assert_eq!(known.ok()["requestPasswordReset"]["accepted"], true);

    // A wrong password is told from a wrong address by nothing, and guessing ends soon.
    let guess = async |email: &str| {
        let input = json!({ "input": { "email": email, "password": "not the password" } });
        client.run_with(LOGIN, input).await.unwrap()
    };
    let wrong_password = guess(&account.email).await;
    let wrong_address = guess("nobody@coko.example").await;
    assert_eq!(wrong_password.body, wrong_address.body);
    let mut codes = Vec::new();
    for _ in 0..6 {
        codes.push(guess(&account.email).await);
    }
    let limited = codes.last().unwrap();
    assert_eq!(limited.codes(), ["RATE_LIMITED"], "{:#}", limited.body);
    assert!(
        limited.body["errors"][0]["extensions"]["retryAfter"]
            .as_i64()
            .unwrap()
            > 0,
        "{:#}",
        limited.body
    );
}
