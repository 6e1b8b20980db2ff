//! Who may ask what: every query and every mutation, by every kind of caller.

use serde_json::{Value, json};

use crate::bench::Bench;

/// The outcome of one operation for guest, user, moderator, admin and partner: `ok` or the code of its error.
type Row = (&'static str, [&'static str; 5]);

const OK: &str = "ok";
const WHO: &str = "UNAUTHENTICATED";
const NO: &str = "FORBIDDEN";

const MATRIX: &[Row] = &[
    ("query me", [OK, OK, OK, OK, OK]),
    ("query user", [OK, OK, OK, OK, OK]),
    ("query users", [WHO, NO, OK, OK, NO]),
    ("query roles", [WHO, NO, OK, OK, NO]),
    ("query sessions", [WHO, OK, OK, OK, WHO]),
    ("query personalAccessTokens", [WHO, OK, OK, OK, WHO]),
    ("query consents", [WHO, OK, OK, OK, WHO]),
    ("query consentHistory", [WHO, OK, OK, OK, WHO]),
    ("query dataExports", [WHO, OK, OK, OK, WHO]),
    ("query auditLog", [WHO, NO, NO, OK, NO]),
    ("query impersonations", [WHO, NO, NO, OK, NO]),
    ("query partners", [WHO, NO, NO, OK, NO]),
    ("query partner", [WHO, NO, NO, OK, NO]),
    ("mutation register", [OK, OK, OK, OK, OK]),
    ("mutation verifyEmail", [OK, OK, OK, OK, OK]),
    ("mutation resendVerification", [OK, OK, OK, OK, OK]),
    ("mutation login", [OK, OK, OK, OK, OK]),
    ("mutation refresh", [OK, OK, OK, OK, OK]),
    ("mutation requestPasswordReset", [OK, OK, OK, OK, OK]),
    ("mutation resetPassword", [OK, OK, OK, OK, OK]),
    ("mutation requestPhoneCode", [OK, OK, OK, OK, OK]),
    ("mutation signInWithPhone", [OK, OK, OK, OK, OK]),
    ("mutation startSocialSignIn", [OK, OK, OK, OK, OK]),
    ("mutation completeSocialSignIn", [OK, OK, OK, OK, OK]),
    ("mutation revokeSession", [WHO, OK, OK, OK, WHO]),
    ("mutation changePassword", [WHO, OK, OK, OK, WHO]),
    ("mutation updateProfile", [WHO, OK, OK, OK, WHO]),
    ("mutation confirmPhone", [WHO, OK, OK, OK, WHO]),
    ("mutation createPersonalAccessToken", [WHO, OK, OK, OK, WHO]),
    ("mutation revokePersonalAccessToken", [WHO, OK, OK, OK, WHO]),
    ("mutation setConsents", [WHO, OK, OK, OK, WHO]),
    ("mutation requestDataExport", [WHO, OK, OK, OK, WHO]),
    ("mutation grantRole", [WHO, NO, NO, OK, NO]),
    ("mutation revokeRole", [WHO, NO, NO, OK, NO]),
    ("mutation suspendUser", [WHO, NO, NO, OK, NO]),
    ("mutation unsuspendUser", [WHO, NO, NO, OK, NO]),
    ("mutation impersonateUser", [WHO, NO, NO, OK, NO]),
    ("mutation endImpersonation", [WHO, NO, NO, OK, NO]),
    ("mutation createPartner", [WHO, NO, NO, OK, NO]),
    ("mutation createPartnerClient", [WHO, NO, NO, OK, NO]),
    ("mutation mintPartnerToken", [WHO, NO, NO, OK, NO]),
    ("mutation revokePartnerToken", [WHO, NO, NO, OK, NO]),
    ("mutation disablePartnerClient", [WHO, NO, NO, OK, NO]),
    // Last, because they end what they are called with.
    ("mutation deleteAccount", [WHO, OK, OK, OK, WHO]),
    ("mutation logoutEverywhere", [WHO, OK, OK, OK, WHO]),
    ("mutation logout", [WHO, WHO, WHO, WHO, WHO]),
];

/// The arguments and selection of each operation; inputs are well-formed and name nothing that exists.
fn document(operation: &str, caller: usize) -> String {
    let (kind, field) = operation.split_once(' ').unwrap();
    let nothing = "00000000-0000-0000-0000-000000000000";
    let page = "{ nodes { __typename } }";
    let body = match field {
        "me" => "me { id }".to_owned(),
        "user" => format!("user(id: \"{nothing}\") {{ id }}"),
        "users" | "sessions" | "consentHistory" | "auditLog" | "impersonations" | "partners" => {
            format!("{field} {page}")
        }
        "roles" | "personalAccessTokens" | "consents" | "dataExports" => {
            format!("{field} {{ __typename }}")
        }
        "partner" => "partner(slug: \"acme\") { slug }".to_owned(),
        "logout" | "requestDataExport" => format!("{field} {{ errors {{ code }} }}"),
        _ => {
            let input = match field {
                "register" => format!(
                    "email: \"n{caller}@example.org\", password: \"{}\", displayName: \"N\", consents: {{ tracking: true }}",
                    crate::bench::PASSWORD
                ),
                "verifyEmail" => "token: \"x\"".to_owned(),
                "resendVerification" | "requestPasswordReset" => {
                    format!("email: \"m{caller}@example.org\"")
                }
                "login" => format!("email: \"m{caller}@example.org\", password: \"some password\""),
                "refresh" => "refreshToken: \"x\"".to_owned(),
                "resetPassword" => "token: \"x\", newPassword: \"some password here\"".to_owned(),
                "requestPhoneCode" => format!("phone: \"+2217700000{caller}0\""),
                "signInWithPhone" | "confirmPhone" => {
                    format!("phone: \"+2217700000{caller}1\", code: \"000000\"")
                }
                "startSocialSignIn" => {
                    "provider: GOOGLE, redirectUri: \"https://x.org\"".to_owned()
                }
                "completeSocialSignIn" => {
                    "state: \"x\", code: \"x\", consents: { tracking: true }".to_owned()
                }
                "revokeSession"
                | "revokePersonalAccessToken"
                | "revokePartnerToken"
                | "endImpersonation" => {
                    format!("id: \"{nothing}\"")
                }
                "changePassword" => {
                    "currentPassword: \"wrong\", newPassword: \"some password here\"".to_owned()
                }
                "updateProfile" | "logoutEverywhere" | "deleteAccount" => String::new(),
                "createPersonalAccessToken" => {
                    "name: \"x\", scopes: [\"bad\"], expiresInDays: 1".to_owned()
                }
                "setConsents" => "consents: []".to_owned(),
                "grantRole" | "revokeRole" => format!("userId: \"{nothing}\", role: \"author\""),
                "suspendUser" | "impersonateUser" => {
                    format!("userId: \"{nothing}\", reason: \"x\"")
                }
                "unsuspendUser" => format!("userId: \"{nothing}\""),
                "createPartner" => "slug: \"!\", name: \"x\", contact: \"a@b.co\"".to_owned(),
                "createPartnerClient" => {
                    "partner: \"none\", slug: \"abc\", name: \"x\", rights: [\"books:read\"]"
                        .to_owned()
                }
                "mintPartnerToken" => "client: \"none\", expiresInDays: 1".to_owned(),
                "disablePartnerClient" => "client: \"none\"".to_owned(),
                other => panic!("no document for {other}: a new field needs its row"),
            };
            format!("{field}(input: {{ {input} }}) {{ errors {{ code }} }}")
        }
    };
    format!("{kind} {{ {body} }}")
}

#[tokio::test]
async fn every_operation_answers_each_caller_as_reviewed() {
    let bench = Bench::new().await;
    let user = bench.person("user@example.org", &[]).await;
    let moderator = bench.person("mod@example.org", &["moderator"]).await;
    let admin = bench.person("admin@example.org", &["admin"]).await;
    // A second operator, so that the first may delete their account.
    bench.person("admin2@example.org", &["admin"]).await;
    let partner = bench
        .platform
        .token(&coko_core::testkit::TokenFor::Partner {
            partner: "acme",
            client: "acme-web",
            rights: vec!["books:read", "catalog:browse"],
        });
    let callers = [
        bench.guest.clone(),
        user.client,
        moderator.client,
        admin.client,
        bench.guest.with_token(partner),
    ];
    for (operation, expected) in MATRIX {
        for (caller, (client, expected)) in callers.iter().zip(expected).enumerate() {
            let answer = client.run(&document(operation, caller)).await;
            let found = answer.codes().first().map_or(OK, |code| match *code {
                "UNAUTHENTICATED" => WHO,
                "FORBIDDEN" => NO,
                other => panic!("{operation} as {caller}: {other}: {:#}", answer.body),
            });
            assert_eq!(
                found, *expected,
                "{operation} as caller {caller}: {:#}",
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn the_matrix_knows_every_root_field() {
    let bench = Bench::new().await;
    let answer = bench
        .guest
        .run("{ __schema { queryType { fields { name } } mutationType { fields { name } } } }")
        .await;
    for (kind, root) in [("query", "queryType"), ("mutation", "mutationType")] {
        for field in answer.ok()["__schema"][root]["fields"].as_array().unwrap() {
            let operation = format!("{kind} {}", field["name"].as_str().unwrap());
            let internal = ["query _service", "query _entities"].contains(&operation.as_str());
            assert!(
                internal || MATRIX.iter().any(|(known, _)| *known == operation),
                "{operation} has no row"
            );
        }
    }
}

#[tokio::test]
async fn tokens_that_do_not_count_are_refused() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let mut forged = awa.access.clone().into_bytes();
    let middle = forged.len() / 2;
    forged[middle] = if forged[middle] == b'A' { b'B' } else { b'A' };
    for token in [
        "",
        "x",
        "null",
        &String::from_utf8(forged).unwrap(),
        &awa.access[1..],
        &"A".repeat(100_000),
    ] {
        let answer = bench
            .guest
            .with_token(token.to_owned())
            .run("{ me { id } }")
            .await;
        assert_eq!(
            answer.codes(),
            ["UNAUTHENTICATED"],
            "{}",
            &token[..token.len().min(20)]
        );
    }
    assert!(awa.is_known().await);
}

/// A person is found by other subgraphs in batches, and an account that is not proven yet by nobody.
#[tokio::test]
async fn entities_resolve_in_batches() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let moussa = bench.person("moussa@example.sn", &[]).await;
    let register = format!(
        "mutation {{ register(input: {{ email: \"p@example.org\", password: \"{}\", displayName: \"P\", consents: {{ tracking: true }} }}) {{ email }} }}",
        crate::bench::PASSWORD
    );
    bench.guest.run(&register).await.ok();
    let pending = bench
        .rows("SELECT id FROM users WHERE status = 'PENDING'")
        .await[0]["id"]
        .clone();
    let query = "query($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { id displayName email } } }";
    let ids = [
        json!(awa.id),
        json!("nonsense"),
        pending,
        json!(moussa.id),
        json!("00000000-0000-0000-0000-000000000000"),
    ];
    let representations: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "__typename": "User", "id": id }))
        .collect();
    let answer = awa
        .client
        .run_with(query, json!({ "representations": representations }))
        .await;
    assert_eq!(
        answer.ok()["_entities"],
        json!([
            { "id": awa.id, "displayName": "awa", "email": "awa@example.sn" },
            null,
            null,
            { "id": moussa.id, "displayName": "moussa", "email": null },
            null,
        ])
    );
}

/// A token that was narrowed does what it says, and nothing about how the account is kept.
#[tokio::test]
async fn a_narrowed_token_cannot_change_the_account() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let narrowed = biscuit_auth::UnverifiedBiscuit::from_base64(&awa.access)
        .and_then(|token| {
            token.append(
                biscuit_auth::builder::BlockBuilder::new().code("check if subgraph(\"auth\")")?,
            )
        })
        .and_then(|token| token.to_base64())
        .unwrap();
    let narrowed = bench.guest.with_token(narrowed);
    assert_eq!(
        narrowed.run("{ me { id } }").await.ok()["me"]["id"],
        json!(awa.id)
    );
    for mutation in [
        "mutation { requestDataExport { errors { code } } }",
        "mutation { logoutEverywhere(input: { keepCurrent: false }) { endedSessions } }",
        "mutation { createPersonalAccessToken(input: { name: \"x\", scopes: [\"books:read\"], expiresInDays: 1 }) { token } }",
    ] {
        assert_eq!(
            narrowed.run(mutation).await.codes(),
            ["FORBIDDEN"],
            "{mutation}"
        );
    }
    assert!(awa.is_known().await);
}
